import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import {
  CardRecord,
  idleCardLine,
  SEAT_RESTART_WAIT_MS,
  seatEnvironment,
  setEngineEnvironment,
  WORKER_MEMORY,
  type CardSeat,
  type Device,
} from '@rocinante/engine';
import type { LstmChoice } from '@rocinante/model';
import { isLastWord, messageOf } from '@rocinante/log';
import type { Precision } from '@rocinante/training';
import type { OwnWorkersPort } from './own-workers-port.js';

export interface LocalWorkersOptions {
  /** How many, where they have no cards of their own. */
  readonly count: number;
  /** A worker on each of these; null for `count` workers on whatever `device` says. */
  readonly seats: readonly CardSeat[] | null;
  /** Compute threads of each. */
  readonly threads: number;
  readonly device: Device;
  /** The run's. */
  readonly precision: Precision;
  /** How they compute LSTM layers. */
  readonly lstm: LstmChoice;
  readonly corpusCache: boolean;
  /** One line for people. */
  readonly notice: (message: string) => void;
  /** How they compute, where that is to be told: a line for people, each once. */
  readonly onWay: (line: string) => void;
  /**
   * A worker is gone for good, and these are left. `output` is the last that it said; `misconfigured` whether all that are gone
   * ended with what is to be mended first.
   */
  readonly onGone: (left: readonly string[], output: string, misconfigured: boolean) => void;
}

/** How often one local worker is started again in a run; one that dies more often has a cause that starting cannot mend. */
const RESTARTS_MAX = 3;

/** The exit code of what is wrong in itself, and is wrong again when it is started again. */
const EXIT_USAGE = 2;

/** A local worker: what it is called, and the card that it has for itself, if any. */
interface Place {
  readonly name: string;
  readonly seat: CardSeat | null;
}

/** Where they find the coordinator, and what they show it. */
type WorkersPort = Pick<OwnWorkersPort, 'address' | 'token'>;

/** Of a worker's standard error, so much is kept for the message about its death, in characters. */
const OUTPUT_KEPT = 2_000;

const STOP_GRACE_MS = 5_000;

const workerMain = fileURLToPath(new URL('../../../worker/dist/main.js', import.meta.url));

/** Worker processes on this machine, started and kept by the coordinator of `train`. */
export class LocalWorkers {
  readonly #options: LocalWorkersOptions;
  readonly #running = new Map<Place, ChildProcess>();
  /** Those between a failure and their next start. */
  readonly #waiting = new Map<Place, NodeJS.Timeout>();
  readonly #environment = environmentOf(process.env);
  readonly #cards = new CardRecord();
  readonly #places: readonly Place[];
  #stopping = false;
  readonly #waysTold = new Set<string>();
  #allMisconfigured = true;

  constructor(options: LocalWorkersOptions) {
    this.#options = options;
    const { seats, count } = options;
    this.#places =
      seats?.map((seat) => ({ name: seat.name, seat })) ??
      Array.from({ length: count }, (_, index) => ({ name: `worker-${index + 1}`, seat: null }));
  }

  /** What they are called. */
  get names(): string[] {
    return this.#places.map(({ name }) => name);
  }

  start(port: WorkersPort): void {
    const { threads, device, precision, notice } = this.#options;
    const engine = { threads, device, tf32: precision === 'tf32' };
    setEngineEnvironment(engine, this.#environment).forEach(notice);
    // Of what the workers say, only a last word is shown.
    const idle = device === 'auto' ? idleCardLine(process.env) : null;
    if (idle !== null) notice(idle);
    for (const place of this.#places) this.#spawn(port, place, 0);
  }

  /** Ends them; one that does not listen is killed. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
    await Promise.all([...this.#running.values()].map(ended));
  }

  #spawn(port: WorkersPort, place: Place, restarts: number): void {
    const { threads, device, precision, lstm, corpusCache } = this.#options;
    const { name, seat } = place;
    const args = [
      '--coordinator',
      port.address,
      '--name',
      name,
      '--threads',
      String(threads),
      '--device',
      device,
      '--precision',
      precision,
      '--lstm',
      lstm,
      '--end-with-parent',
    ];
    if (!corpusCache) args.push('--no-corpus-cache');
    // The worker ends when its standard input does: when this process ends, however it ends.
    const child = spawn(process.execPath, [...process.execArgv, workerMain, ...args], {
      stdio: ['pipe', 'ignore', 'pipe'],
      // Every user of the machine sees arguments.
      env: { ...this.#environment, ...(seat && seatEnvironment(seat)), ROCINANTE_TOKEN: port.token },
      // Ctrl-C goes to the coordinator, which ends its workers after the checkpoint.
      detached: true,
    });
    this.#running.set(place, child);
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-OUTPUT_KEPT);
    });
    this.#watchForWays(child.stderr);
    child.on('error', (error) => {
      output += error.message;
    });
    child.on('close', (code, signal) => {
      this.#running.delete(place);
      if (this.#stopping) return;
      const how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
      const words = lastWords(output);
      const said = words === '' ? '' : `: ${words}`;
      const next = this.#next(place, code, restarts);
      this.#options.notice(
        `${name}${seat === null ? '' : ` on ${seat.card.shown}`} ${how}${said}; ${next.line}`,
      );
      if (next.again) return this.#again(port, place, restarts + 1);
      this.#allMisconfigured &&= code === EXIT_USAGE;
      const left = [...this.#running.keys(), ...this.#waiting.keys()].map((one) => one.name);
      this.#options.onGone(left, words, this.#allMisconfigured);
    });
  }

  /** On a card of its own it waits, so that the card can be reset meanwhile. */
  #again(port: WorkersPort, place: Place, restarts: number): void {
    if (place.seat === null) return this.#spawn(port, place, restarts);
    const start = (): void => {
      this.#waiting.delete(place);
      this.#spawn(port, place, restarts);
    };
    this.#waiting.set(place, setTimeout(start, SEAT_RESTART_WAIT_MS));
  }

  /** They are all on this machine, and say the same: the first that says it is heard. */
  #watchForWays(output: Readable): void {
    createInterface({ input: output }).on('line', (line) => {
      const way = wayLine(line);
      if (way === null || this.#waysTold.has(way)) return;
      this.#waysTold.add(way);
      this.#options.onWay(way);
    });
  }

  /** What becomes of the place of a worker that ended by itself. */
  #next(
    { seat }: Place,
    code: number | null,
    restarts: number,
  ): { readonly again: boolean; readonly line: string } {
    const again = { again: true, line: 'starting it again' };
    const over = { again: false, line: 'it is not started again' };
    if (code === EXIT_USAGE) return over;
    if (seat === null) return restarts < RESTARTS_MAX ? again : over;
    const wasSetAside = this.#cards.isSetAside(seat);
    const verdict = this.#cards.ended(seat, { code, at: performance.now() });
    if (verdict !== 'set-aside') return verdict === 'start-again' ? again : over;
    if (wasSetAside) return over;
    for (const [place, child] of this.#running) {
      if (place.seat?.card.device === seat.card.device) void ended(child);
    }
    for (const [place, timer] of this.#waiting) {
      if (place.seat?.card.device !== seat.card.device) continue;
      clearTimeout(timer);
      this.#waiting.delete(place);
    }
    return { again: false, line: `it failed twice, and the card is set aside` };
  }
}

/** Has a worker end, and waits for it; one that does not listen is killed. */
function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
    // One that has exited, and whose output is still being read, is running in this sense.
    child.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
}

/** Variables that speak to a worker of its own: local workers get all they need as arguments, and a token of this run's. */
const WORKERS_OWN = [
  'ROCINANTE_HTTP',
  'ROCINANTE_HTTP_TOKEN_FILE',
  'ROCINANTE_POOL',
  'ROCINANTE_DEVICE',
  'ROCINANTE_GPUS',
  'ROCINANTE_WORKERS_PER_GPU',
  'ROCINANTE_PRECISION',
  'ROCINANTE_LOG_LEVEL',
  'ROCINANTE_TLS_CA',
  'ROCINANTE_TLS_CERT',
  'ROCINANTE_TLS_KEY',
  'ROCINANTE_TLS_SERVER_NAME',
  'ROCINANTE_TOKEN',
  'ROCINANTE_TOKEN_FILE',
];

function environmentOf(own: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const given = Object.entries(own).filter(([name]) => !WORKERS_OWN.includes(name));
  return { ...WORKER_MEMORY, ...Object.fromEntries(given) };
}

/** What a line of a worker's log says of its LSTM path, or of the run's precision; null where it is about something else. */
function wayLine(line: string): string | null {
  if (!line.startsWith('{') || !/"(lstm|precision)":/.test(line)) return null;
  try {
    const { lstm, precision, msg } = JSON.parse(line) as { lstm?: string; precision?: string; msg: string };
    return lstm === undefined && precision === undefined ? null : msg;
  } catch {
    // A worker that is killed leaves a line cut.
    return null;
  }
}

/** The last thing that a worker said. */
function lastWords(output: string): string {
  return messageOf(output.split('\n').findLast(isLastWord) ?? '');
}
