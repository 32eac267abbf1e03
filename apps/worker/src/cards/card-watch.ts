import { spawn, type ChildProcess } from 'node:child_process';
import {
  cardOfPart,
  fieldsWithout,
  isPart,
  parseTelemetry,
  TELEMETRY_FIELDS,
  telemetryQuery,
  visibleCards,
  type CardReading,
} from '@rocinante/engine';
import type { Logger } from '@rocinante/log';

/** From one question to the next, and how long an answer may take: a card that nobody uses is woken first. */
const INTERVAL_MS = 10_000;
const TIMEOUT_MS = 20_000;

/** What is read of an answer, at most: a line is some 150 bytes. */
const ANSWER_LENGTH_MAX = 64 << 10;

/** After so many questions without a reading the last one counts no more. */
const MISSES_MAX = 3;

/** Differing complaints that are told, at most; and characters of what nvidia-smi said. */
const COMPLAINTS_MAX = 8;
const SAID_LENGTH_MAX = 200;

export interface CardWatchOptions {
  /** CUDA_VISIBLE_DEVICES says which card; PATH leads to nvidia-smi. */
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Logger;
  /** Told of each reading, and of null once the last one counts no more. */
  readonly tell: (card: CardReading | null) => void;
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
}

/** How one question ended. */
interface Answer {
  /** Of standard output and standard error together. */
  readonly text: string;
  /** What went wrong, in a clause; null where it ended with 0. */
  readonly fault: string | null;
  readonly isMissing: boolean;
}

/**
 * Asks nvidia-smi about the card that this worker was given, at intervals, until it is stopped. One question is under way at a
 * time, and none outlasts this process by more than its own time. Where there is no nvidia-smi it says so once, and is silent.
 * What else fails, also where the system is short of memory or files, is told once and asked again: it ends no worker.
 */
export class CardWatch {
  readonly #options: CardWatchOptions;
  /** The card, where the environment names it as nvidia-smi does; null to ask about all and take the first visible one. */
  #named: string | null;
  /** The part of a card (MIG) that is worked on, until it is known which card that is. */
  #part: string | null;
  readonly #complaints = new Set<string>();
  #fields: readonly string[] = TELEMETRY_FIELDS;
  #child: ChildProcess | null = null;
  #timer: NodeJS.Timeout | null = null;
  #misses = 0;
  #stopped = false;

  constructor(options: CardWatchOptions) {
    this.#options = options;
    const visible = options.environment['CUDA_VISIBLE_DEVICES'] ?? '';
    this.#named = /^GPU-[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(visible) ? visible : null;
    const [first] = visible.split(',');
    this.#part = isPart(first.trim()) ? first.trim() : null;
  }

  /** @param expected whether there is a card, so that it is worth a line where nvidia-smi is not there. */
  start(expected: boolean): void {
    void this.#goOn(expected);
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#child) endOf(this.#child);
  }

  async #goOn(expected: boolean): Promise<void> {
    const part = this.#part;
    const answer = await this.#ask(part === null ? telemetryQuery(this.#fields, this.#named) : ['-L']);
    if (this.#stopped) return;
    if (answer.isMissing) {
      if (expected) this.#complain('nvidia-smi is not there: nothing is told of the card');
      return;
    }
    if (part !== null && answer.fault === null) {
      this.#part = null;
      this.#named = cardOfPart(part, answer.text);
      // Of another card it is better to tell nothing.
      if (this.#named === null)
        return this.#complain(`nvidia-smi -L names no card of ${part}: nothing is told of the card`);
      return this.#goOn(expected);
    }
    const fewer = fieldsWithout(this.#fields, answer.text);
    if (fewer !== null) {
      // Each round has a field less, or one by its older name.
      this.#fields = fewer;
      return this.#goOn(expected);
    }
    try {
      this.#take(answer);
    } catch (error) {
      this.#complain(
        `what nvidia-smi tells of the card was not taken: ${(error as Error).message}; it is asked again`,
      );
    }
    this.#timer = setTimeout(
      () => void this.#goOn(expected),
      this.#options.intervalMs ?? INTERVAL_MS,
    ).unref();
  }

  #take({ text, fault }: Answer): void {
    const { readings, wrongLines, untold } = parseTelemetry(text, this.#fields);
    const card = fault === null ? this.#own(readings) : null;
    if (card !== null) {
      this.#misses = 0;
      if (untold.length > 0) this.#complain(`nvidia-smi does not tell all of the card: ${untold.join(', ')}`);
      return this.#options.tell(card);
    }
    const said = text.trim().split('\n')[0].slice(0, SAID_LENGTH_MAX);
    const why =
      fault ??
      (wrongLines > 0 ? `${wrongLines} of its lines are of no card` : 'it shows no card of this worker');
    this.#complain(`nvidia-smi tells nothing of the card: ${why}${said === '' ? '' : ` (${said})`}`);
    this.#misses += 1;
    if (this.#misses === MISSES_MAX) this.#options.tell(null);
  }

  #own(readings: readonly CardReading[]): CardReading | null {
    if (this.#named !== null) return readings.find(({ uuid }) => uuid === this.#named) ?? null;
    const cards = readings.map(({ index, uuid, model }) => ({ index, uuid, name: model, capability: null }));
    const [first] = visibleCards(cards, this.#options.environment['CUDA_VISIBLE_DEVICES']);
    return readings.find(({ uuid }) => uuid === first?.uuid) ?? null;
  }

  /** Once each, so that a card that fails for days fills no log. */
  #complain(line: string): void {
    if (this.#complaints.has(line) || this.#complaints.size >= COMPLAINTS_MAX) return;
    this.#complaints.add(line);
    this.#options.log.warn(line);
  }

  #ask(query: readonly string[]): Promise<Answer> {
    const { environment, timeoutMs = TIMEOUT_MS } = this.#options;
    return new Promise((resolve) => {
      let child: ChildProcess;
      try {
        child = spawn('nvidia-smi', query, {
          stdio: ['ignore', 'pipe', 'pipe'],
          env: environment,
        });
      } catch (error) {
        // Short of memory it throws; short of files it gives a child without streams, which ends with an error.
        return resolve({ text: '', fault: (error as Error).message, isMissing: false });
      }
      this.#child = child;
      let text = '';
      let fault: string | null = null;
      let isMissing = false;
      const end = (what: string): void => {
        fault ??= what;
        endOf(child);
      };
      const timer = setTimeout(() => end(`no answer within ${timeoutMs / 1000} s`), timeoutMs);
      for (const stream of [child.stdout, child.stderr]) {
        stream?.setEncoding('utf8').on('data', (more: string) => {
          text = (text + more).slice(0, ANSWER_LENGTH_MAX);
          if (text.length === ANSWER_LENGTH_MAX) end(`more than ${ANSWER_LENGTH_MAX} characters of answer`);
        });
      }
      child.on('error', (error: NodeJS.ErrnoException) => {
        isMissing = error.code === 'ENOENT';
        fault ??= error.message;
      });
      child.on('close', (code, signal) => {
        clearTimeout(timer);
        this.#child = null;
        if (code !== 0) fault ??= signal === null ? `it ended with ${code}` : `it was ended by ${signal}`;
        resolve({ text, fault, isMissing });
      });
    });
  }
}

/** Ends it, whether or not what it started itself holds its output open. */
function endOf(child: ChildProcess): void {
  child.kill('SIGKILL');
  child.stdout?.destroy();
  child.stderr?.destroy();
}
