import { byId, setText } from './elements.js';
import { lossShown } from './figures.js';
import type { RunJson } from '@rocinante/run-json';
import type { Told } from './shapes.js';

/** Screen readers are told something at most so often: the last thing of several. */
const QUIET_MS = 8_000;

/** Events that are said aloud; the others are in the list. */
const SAID: ReadonlySet<string> = new Set([
  'evaluation',
  'went-back',
  'held',
  'released',
  'store-lost',
  'store-back',
  'worker-parked',
  'not-exact',
  'strike',
  'set-aside',
]);

/** Says in a live region what matters: a run's state, evaluations, lost workers, what is wrong. */
export class Announcer {
  #next: string | null = null;
  #quietUntil = 0;
  #state: string | null = null;

  /** Another run is shown. */
  begin({ name, state }: RunJson): void {
    this.#state = state;
    this.say(`Run ${name}, ${state}`);
  }

  state({ name, state, loss }: RunJson): void {
    if (this.#state !== null && this.#state !== state) {
      this.say(`Run ${name} is ${state}${loss === null ? '' : `, loss ${lossShown(loss)}`}`);
    }
    this.#state = state;
  }

  told({ entry, text }: Told): void {
    const isLost = 'lost' in entry && entry.lost === true;
    if (text !== null && (isLost || SAID.has(entry.event))) {
      this.say(entry.worker ? `${entry.worker} ${text}` : text);
    }
  }

  say(text: string): void {
    const wait = this.#quietUntil - performance.now();
    if (this.#next === null) window.setTimeout(() => this.#speak(), Math.max(0, wait));
    this.#next = text;
  }

  #speak(): void {
    setText(byId('announcer'), this.#next ?? '');
    this.#next = null;
    this.#quietUntil = performance.now() + QUIET_MS;
  }
}
