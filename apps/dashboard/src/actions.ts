import { openForm, type Field } from './dialog.js';
import { byId, element } from './elements.js';
import { grouped } from './figures.js';
import { about, order } from './orders.js';
import type { RunJson, ShownJson } from '@rocinante/run-json';
import type { About, Preset } from './shapes.js';

const SCHEDULES = [
  ['', 'as the preset has it'],
  ['constant', 'constant'],
  ['cosine', 'cosine'],
] as const;

/** What operators can order: shown to nobody else. */
export class Actions {
  readonly #about: About;
  #key = '';

  constructor(about: About) {
    this.#about = about;
    const start = byId('start');
    start.hidden = !about.mayOrder;
    start.addEventListener('click', () => void this.#start());
  }

  /** The buttons that a run's state allows. */
  show(shown: ShownJson): void {
    if (!this.#about.mayOrder) return;
    const { id, state, checkpoints, bestCheckpoint, weightsSha256 } = shown;
    const early = endedEarly(shown);
    const key = [id, state, early, checkpoints.length > 0, bestCheckpoint !== null, weightsSha256].join(' ');
    if (key === this.#key) return;
    this.#key = key;
    const hadFocus = byId('actions').contains(document.activeElement);
    const buttons: HTMLElement[] = [];
    if (['queued', 'waiting', 'running', 'held'].includes(state)) {
      buttons.push(button('Stop', 'stop', () => this.#stop(shown)));
    }
    if (['stopped', 'failed', 'done'].includes(state)) {
      buttons.push(button('Resume', 'resume', () => this.#resume(shown)));
    }
    const weights = weightsOf(shown);
    if (weights.length > 0) {
      buttons.push(menu('Pull weights', weights));
    }
    byId('actions').replaceChildren(...buttons);
    if (hadFocus) buttons[0]?.focus();
  }

  #stop({ id, name, state }: ShownJson): void {
    const queued = state === 'queued';
    openForm({
      title: `Stop ${name}`,
      text: queued
        ? 'It leaves the queue. It can be resumed.'
        : 'It ends after this step, with a checkpoint. It can be resumed.',
      fields: [{ name: 'reason', label: 'Reason, for the record', kind: 'text', maxLength: 200 }],
      submit: 'Stop the run',
      onSubmit: async (values) => void (await order('stop', { run: id, ...values })),
    });
  }

  #resume(shown: ShownJson): void {
    const { id, name } = shown;
    const lengths: Field[] = [
      { name: 'steps', label: 'Steps in all', kind: 'number', min: 1 },
      { name: 'epochs', label: 'Epochs in all', kind: 'number', min: 1 },
    ];
    const patience: Field = {
      name: 'patience',
      label: 'Evaluations without a better loss (patience)',
      kind: 'number',
      min: 1,
    };
    openForm({
      title: `Resume ${name}`,
      text: resumeText(shown),
      ...(endedEarly(shown) ? { fields: [patience, ...lengths] } : { fields: lengths, further: [patience] }),
      submit: 'Resume the run',
      onSubmit: async (values) => void (await order('resume', { run: id, ...values })),
    });
  }

  async #start(): Promise<void> {
    // Texts may have come since the page was opened.
    const { presets, texts } = await about().catch(() => this.#about);
    const names = Object.keys(presets);
    openForm({
      title: 'Start a run',
      text: 'Over a text that the coordinator has. Others come by ./rocinante run start, which sends them. What is empty is the preset’s.',
      fields: [
        { name: 'name', label: 'Name', kind: 'text', maxLength: 64, placeholder: 'its id' },
        { name: 'text', label: 'Text', kind: 'select', options: texts.map(({ id, name }) => [id, name]) },
        { name: 'preset', label: 'Preset', kind: 'select', options: names.map((name) => [name, name]) },
        ...presetFields(presets[names[0]]),
      ],
      further: [
        { name: 'steps', label: 'Steps, in place of epochs', kind: 'number', min: 1 },
        {
          name: 'schedule',
          label: 'Learning rate’s schedule',
          kind: 'select',
          options: SCHEDULES,
        },
        { name: 'pool', label: 'Pool of workers', kind: 'text', maxLength: 64, placeholder: 'default' },
        {
          name: 'priority',
          label: 'Priority',
          kind: 'number',
          placeholder: '0',
          hint: 'Higher goes first in the queue.',
        },
        { name: 'note', label: 'Note', kind: 'text', maxLength: 1024 },
      ],
      submit: 'Start the run',
      onChoice: (name, value, form) => {
        if (name !== 'preset') return;
        for (const { name: field, placeholder } of presetFields(presets[value])) {
          const input = form.elements.namedItem(field);
          if (input instanceof HTMLInputElement) input.placeholder = placeholder ?? '';
        }
      },
      onSubmit: async (values) => {
        const { id } = await order('start', values);
        window.location.hash = id;
      },
    });
  }
}

/** Whether early stopping has ended the run. */
function endedEarly({ state, step, stepsTotal }: Pick<RunJson, 'state' | 'step' | 'stepsTotal'>): boolean {
  return state === 'done' && stepsTotal !== null && step < stepsTotal;
}

/** What takes a run on that has ended. */
export function resumeText(run: Pick<RunJson, 'state' | 'step' | 'stepsTotal'>): string {
  const steps = grouped(run.step);
  if (endedEarly(run))
    return `It stopped early after ${steps} steps: give more patience, and steps or epochs as you like.`;
  if (run.state === 'done') return `It has all its ${steps} steps: give more steps or epochs in all.`;
  return 'It goes on from its newest checkpoint. Steps and epochs are totals of the whole run; empty keeps them.';
}

function presetFields({ epochs, batch, seed, optimizer }: Preset): Field[] {
  const whole = { kind: 'number', min: 1, step: '1' } as const;
  return [
    { ...whole, name: 'epochs', label: 'Epochs', placeholder: String(epochs) },
    { ...whole, name: 'batch', label: 'Windows a step', placeholder: String(batch.size) },
    { ...whole, name: 'microBatch', label: 'Windows a micro-batch', placeholder: String(batch.microBatch) },
    {
      name: 'learningRate',
      label: 'Learning rate',
      kind: 'number',
      min: 0,
      step: 'any',
      placeholder: String(optimizer.learningRate),
    },
    { ...whole, name: 'seed', label: 'Seed', min: 0, placeholder: String(seed) },
  ];
}

function button(text: string, kind: string, onClick: () => void): HTMLButtonElement {
  const made = element('button', { type: 'button', class: 'secondary', 'data-action': kind }, text);
  made.addEventListener('click', onClick);
  return made;
}

/** A button that unfolds links; Escape, or a press beside it, folds them again. */
function menu(text: string, links: readonly HTMLElement[]): HTMLElement {
  const summary = element('summary', {}, text);
  const items = links.map((link) => element('li', {}, link));
  const made = element('details', { class: 'menu' }, summary, element('ul', {}, ...items));
  made.addEventListener('keydown', ({ key }) => {
    if (key !== 'Escape' || !made.open) return;
    made.open = false;
    summary.focus();
  });
  const fold = ({ target }: Event): void => {
    if (!(target instanceof Node && made.contains(target))) made.open = false;
  };
  made.addEventListener('toggle', () => {
    if (made.open) document.addEventListener('pointerdown', fold);
    else document.removeEventListener('pointerdown', fold);
  });
  return made;
}

/** Links to the weights that are there. */
function weightsOf({ id, checkpoints, bestCheckpoint, weightsSha256 }: ShownJson): HTMLElement[] {
  const link = (which: string, text: string): HTMLElement =>
    element('a', { href: `/api/weights/${encodeURIComponent(id)}?which=${which}`, download: true }, text);
  return [
    ...(weightsSha256 ? [link('final', 'Final weights')] : []),
    ...(bestCheckpoint ? [link('best', 'Best checkpoint’s')] : []),
    ...(checkpoints.length > 0 ? [link('newest', 'Newest checkpoint’s')] : []),
  ];
}
