import { spawn, type ChildProcess } from 'node:child_process';
import {
  CardRecord,
  SEAT_RESTART_WAIT_MS,
  seatEnvironment,
  type CardSeat,
  type SeatVerdict,
} from '@rocinante/engine';
import { isLastWord, LineSplitter, messageOf, type Logger } from '@rocinante/log';

/** How long workers have to end. Each waits for its engine's op or gradient for 6 seconds, and for the coordinator's answer for two. */
const STOP_MS = 10_000;

/** Of a worker's last words, in characters. */
const WORDS_LENGTH_MAX = 500;

export interface SupervisorOptions {
  readonly seats: readonly CardSeat[];
  /** What runs a seat's worker: Node's arguments. */
  readonly command: (seat: CardSeat) => readonly string[];
  /** The environment of all of them, without what is each one's. */
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Logger;
  /** Shows a line of a worker's standard error. */
  readonly relay: (line: string, worker: string) => void;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

/** A seat that is worked at, between two workers too. */
interface Occupied {
  child: ChildProcess | null;
  restart: NodeJS.Timeout | null;
  words: string;
}

/**
 * A worker process on each seat, until it is stopped or none is left.
 *
 * A worker that fails is started again; at its second failure its card is set aside, with all that sit there, and the others go
 * on. Workers end when this process does, however it ends: each reads a pipe of it.
 */
export class CardSupervisor {
  readonly #options: SupervisorOptions;
  readonly #record = new CardRecord();
  readonly #occupied = new Map<CardSeat, Occupied>();
  /** What became of the seats that are empty for good. */
  readonly #verdicts = new Map<CardSeat, SeatVerdict>();
  readonly #now: () => number;
  #stopping = false;
  #settle!: (exitCode: number) => void;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** @returns the exit code: 0 stopped; where no worker is left, 1 if a card is set aside, else 2 if one is to be started otherwise, else 0. */
  run(): Promise<number> {
    return new Promise((resolve) => {
      this.#settle = resolve;
      for (const seat of this.#options.seats) {
        this.#occupied.set(seat, { child: null, restart: null, words: '' });
        this.#start(seat);
      }
    });
  }

  /** Has every worker leave its coordinator and end; one that does not is killed. */
  stop(reason: string): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#options.log.info(`stopping ${this.#occupied.size} workers: ${reason}`);
    for (const [seat, { child }] of this.#occupied) {
      if (child === null) this.#leave(seat, 'done');
      else this.#tellToEnd(seat, child);
    }
    this.#settleIfOver();
  }

  /** Ends every worker at once. */
  kill(): void {
    for (const { child } of this.#occupied.values()) child?.kill('SIGKILL');
  }

  #start(seat: CardSeat): void {
    const { command, environment, relay, log } = this.#options;
    const occupied = this.#occupied.get(seat)!;
    const child = spawn(process.execPath, command(seat), {
      stdio: ['pipe', 'ignore', 'pipe'],
      env: { ...environment, ...seatEnvironment(seat) },
      // Ctrl-C comes to this process, which tells its workers.
      detached: true,
    });
    Object.assign(occupied, { child, restart: null, words: '' });
    log.info({ card: seat.card.device, pid: child.pid }, `${seat.name} begins on ${seat.card.shown}`);
    const lines = new LineSplitter((line) => {
      relay(line, seat.name);
      if (isLastWord(line)) occupied.words = messageOf(line).slice(0, WORDS_LENGTH_MAX);
    });
    child.stdin.on('error', () => undefined);
    child.stderr.setEncoding('utf8').on('data', lines.take);
    child.on('error', (error) => (occupied.words = error.message));
    child.on('close', (code, signal) => {
      lines.end();
      occupied.child = null;
      this.#ended(seat, code, signal, occupied);
    });
  }

  #ended(seat: CardSeat, code: number | null, signal: string | null, occupied: Occupied): void {
    const { log } = this.#options;
    const about = { card: seat.card.device, code, signal };
    const how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
    const said = code === 0 || occupied.words === '' ? '' : `: ${occupied.words}`;
    if (this.#stopping) {
      log.info(about, `${seat.name} ${how}`);
      this.#leave(seat, 'done');
      return this.#settleIfOver();
    }
    const wasSetAside = this.#record.isSetAside(seat);
    const verdict = this.#record.ended(seat, { code, at: this.#now() });
    if (verdict === 'start-again') {
      log.warn(about, `${seat.name} on ${seat.card.shown} ${how}${said}; it is started again`);
      occupied.restart = setTimeout(() => this.#start(seat), SEAT_RESTART_WAIT_MS);
      return;
    }
    this.#leave(seat, verdict);
    if (verdict === 'misconfigured') {
      log.error(
        about,
        `${seat.name} on ${seat.card.shown} ${how}${said}; it is not started again before that is mended`,
      );
    } else if (verdict === 'done' || wasSetAside) {
      log.info(about, `${seat.name} on ${seat.card.shown} ${how}; it is not started again`);
    } else {
      log.error(
        about,
        `${seat.card.shown} is set aside: ${seat.name} failed twice, and ${how}${said}; ${this.#others(seat)}`,
      );
      this.#clear(seat);
    }
    this.#settleIfOver();
  }

  /** Its card is set aside: who else sits there goes too. */
  #clear({ card }: CardSeat): void {
    for (const [seat, { child }] of this.#occupied) {
      if (seat.card.device !== card.device) continue;
      if (child === null) this.#leave(seat, 'set-aside');
      else this.#tellToEnd(seat, child);
    }
  }

  #others({ card }: CardSeat): string {
    const others = [...this.#occupied.keys()].filter((seat) => seat.card.device !== card.device);
    return others.length === 0
      ? 'no worker is on another'
      : `the others go on: ${others.map(({ name }) => name).join(', ')}`;
  }

  #tellToEnd({ name }: CardSeat, child: ChildProcess): void {
    // A worker that reads the end of its pipe stops as on a signal, and nobody else can have told it so too.
    child.stdin?.end();
    const timer = setTimeout(() => {
      this.#options.log.error(`${name} has not ended within ${STOP_MS / 1000} s: it is killed`);
      child.kill('SIGKILL');
    }, STOP_MS);
    child.once('close', () => clearTimeout(timer));
  }

  #leave(seat: CardSeat, verdict: SeatVerdict): void {
    const occupied = this.#occupied.get(seat);
    if (occupied?.restart) clearTimeout(occupied.restart);
    this.#occupied.delete(seat);
    this.#verdicts.set(seat, verdict);
  }

  #settleIfOver(): void {
    if (this.#occupied.size > 0) return;
    if (this.#stopping) return this.#settle(0);
    const seats = (verdict: SeatVerdict): CardSeat[] =>
      [...this.#verdicts].flatMap(([seat, one]) => (one === verdict ? [seat] : []));
    const cards = [...new Set(seats('set-aside').map(({ card }) => card.shown))];
    const [wrong, done] = [seats('misconfigured'), seats('done')];
    const parts = [
      ...(cards.length === 0 ? [] : [`set aside: ${cards.join(', ')}`]),
      ...(wrong.length === 0 ? [] : [`to be started otherwise: ${wrong.map(({ name }) => name).join(', ')}`]),
      ...(done.length === 0 ? [] : [`ended: ${done.map(({ name }) => name).join(', ')}`]),
    ];
    const exitCode = cards.length > 0 ? 1 : wrong.length > 0 ? 2 : 0;
    this.#options.log[exitCode === 0 ? 'info' : 'error'](`no worker is left (${parts.join('; ')})`);
    this.#settle(exitCode);
  }
}
