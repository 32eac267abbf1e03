import { element } from './elements.js';
import { briefly, percent } from './figures.js';

/** Phases whose colours a reader learns once: those of a worker's contribution, and those of a step at the coordinator. */
export const WORKER_PHASES = ['compute', 'encode', 'send', 'receive', 'wait'] as const;
export const STEP_PHASES = ['wait', 'receive', 'sum', 'apply', 'assign', 'broadcast'] as const;

const MEANINGS: Readonly<Record<string, string>> = {
  compute: 'computes',
  encode: 'rounds and sums',
  send: 'sends',
  receive: 'receives',
  wait: 'waits',
};

const STEP_MEANINGS: Readonly<Record<string, string>> = {
  wait: 'workers compute',
  receive: 'contributions arrive',
  sum: 'sums',
  apply: 'Adam',
  assign: 'hands out',
  broadcast: 'parameters go down',
};

/** A bar that shows where time goes, with all of it in words for whoever does not see it. */
export class PhaseBar {
  readonly root = element('div', { class: 'phases', role: 'img' });
  readonly #parts: Map<string, HTMLElement>;
  readonly #meanings: Readonly<Record<string, string>>;

  constructor(
    readonly phases: readonly string[],
    kind: 'worker' | 'step',
  ) {
    this.#meanings = kind === 'worker' ? MEANINGS : STEP_MEANINGS;
    this.#parts = new Map(
      phases.map((phase) => [phase, element('span', { 'data-phase': `${kind}-${phase}` })]),
    );
    this.root.append(...this.#parts.values());
  }

  show(seconds: Readonly<Record<string, number>> | null): void {
    const all = this.phases.reduce((sum, phase) => sum + (seconds?.[phase] ?? 0), 0);
    this.root.hidden = all === 0;
    const texts: string[] = [];
    for (const [phase, part] of this.#parts) {
      const share = all > 0 ? (seconds?.[phase] ?? 0) / all : 0;
      part.style.flexGrow = String(share);
      part.hidden = share < 0.002;
      const text = `${this.#meanings[phase]} ${percent(share)} (${briefly(seconds?.[phase] ?? 0)})`;
      part.title = text;
      if (share >= 0.005) texts.push(text);
    }
    this.root.setAttribute('aria-label', texts.join(', '));
  }
}

/** What the colours mean. */
export function phaseKeys(phases: readonly string[], kind: 'worker' | 'step'): HTMLElement[] {
  const meanings = kind === 'worker' ? MEANINGS : STEP_MEANINGS;
  return phases.map((phase) =>
    element('span', { class: 'key', 'data-phase': `${kind}-${phase}` }, meanings[phase]),
  );
}
