import type { PresentJson, RunChange } from '@rocinante/run-json';
import type { Opening, Told } from './shapes.js';

/** After how long a stream that the browser gave up is opened again. */
const RETRY_MS = 2_000;

/** Whether what is shown is the present. */
export type LinkState = 'connecting' | 'live' | 'lost';

export interface StreamListener {
  /** Something came, before it is told. */
  heard(): void;
  list(change: RunChange): void;
  opening(opening: Opening): void;
  present(present: PresentJson): void;
  entry(told: Told): void;
  /** The run cannot be followed any more. */
  gone(message: string): void;
  link(state: LinkState): void;
  /** Nobody is logged in any more. */
  unknown(): void;
}

/**
 * Follows the coordinator's runs, and one of them. After any loss of connection it goes on behind the entry that it has seen
 * last: browsers do so by themselves while they try again, and where they have given up, this does. It rests while nobody looks.
 */
export class RunStream {
  readonly #listener: StreamListener;
  #run: string | null = null;
  #source: EventSource | null = null;
  #timer = 0;
  #lastId = '';
  #isResting = false;

  constructor(listener: StreamListener) {
    this.#listener = listener;
  }

  /** @param run its id; null to follow the list alone. */
  follow(run: string | null): void {
    this.#run = run;
    this.#lastId = '';
    this.#listener.link('connecting');
    this.#open();
  }

  /** Nobody looks: the connection is given up, since a browser has six to a host for all of its tabs. */
  rest(): void {
    this.#isResting = true;
    window.clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  /** Somebody looks again: it goes on behind the entry that it has seen last. */
  wake(): void {
    if (!this.#isResting) return;
    this.#isResting = false;
    this.#listener.link('connecting');
    this.#open();
  }

  #open(): void {
    window.clearTimeout(this.#timer);
    this.#source?.close();
    if (this.#isResting) return;
    const query = new URLSearchParams();
    if (this.#run !== null) query.set('run', this.#run);
    if (this.#lastId !== '') query.set('after', this.#lastId);
    const source = new EventSource(`/api/events?${query}`);
    this.#source = source;
    const on = <Data>(name: string, take: (data: Data) => void): void =>
      source.addEventListener(name, ({ data, lastEventId }: MessageEvent<string>) => {
        this.#lastId = lastEventId;
        this.#listener.heard();
        take(JSON.parse(data) as Data);
      });
    on<RunChange>('list', (change) => this.#listener.list(change));
    on<Opening>('opening', (opening) => this.#listener.opening(opening));
    on<PresentJson>('present', (present) => this.#listener.present(present));
    on<Told>('entry', (told) => this.#listener.entry(told));
    on<{ message: string }>('gone', ({ message }) => this.#listener.gone(message));
    source.addEventListener('open', () => this.#listener.link('live'));
    source.addEventListener('error', () => {
      this.#listener.link('lost');
      if (source.readyState === EventSource.CLOSED) this.#again();
    });
  }

  /** The browser tries no more: the answer was no stream, or there was none. */
  #again(): void {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => {
      fetch('/api/about', { cache: 'no-store' }).then(
        ({ status }) => (status === 401 ? this.#listener.unknown() : this.#open()),
        () => this.#isResting || this.#again(),
      );
    }, RETRY_MS);
  }
}
