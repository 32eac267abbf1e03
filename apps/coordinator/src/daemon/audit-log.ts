import { appendFile, rename, stat } from 'node:fs/promises';
import { systemTrouble } from '@rocinante/base';
import type { Logger } from '@rocinante/log';
import type { Caller } from '@rocinante/wire';

/** What operators do. */
export type Act = 'start' | 'stop' | 'resume' | 'remove' | 'push' | 'pull';

/** What was done, and what came of it. */
export interface AuditedAct {
  readonly act: Act;
  readonly actor: Caller;
  /** A run's id or name, or a content's SHA-256. */
  readonly what: string;
  /** Why it was not done; null where it was. */
  readonly failure: Error | null;
}

/** Bytes of a file before the next is begun, and how many that are full are kept. */
const AUDIT_FILE_BYTES_MAX = 4 << 20;
export const AUDIT_FILES_KEPT = 4;

/** Characters of what a client says, in one line. */
const WORDS_LENGTH_MAX = 300;

/** How operators are called where nobody is asked for a token. */
const NOBODY_ASKED = 'local';

/**
 * Who did what, from where, and when: a JSON line for each act of an operator in `audit.jsonl`, and for each refusal in a
 * file of its own, so that strangers cannot push acts out. A full file becomes `audit.1.jsonl`, that one `audit.2.jsonl`, and
 * so on; the oldest goes.
 */
export class AuditLog {
  readonly #path: string;
  readonly #logger: Logger;
  readonly #now: () => Date;
  readonly #fileBytesMax: number;
  #writing: Promise<void> = Promise.resolve();
  #bytes: number | null = null;
  #hasFailed = false;

  /**
   * @param path the newest file's.
   * @param logger hears of each act too, and of a disk that takes none.
   */
  constructor(path: string, logger: Logger, now = () => new Date(), fileBytesMax = AUDIT_FILE_BYTES_MAX) {
    this.#path = path;
    this.#logger = logger;
    this.#now = now;
    this.#fileBytesMax = fileBytesMax;
  }

  /** Records an act that is over. */
  acted({ act, actor: { holder, peer, client }, what, failure }: AuditedAct): void {
    const entry = {
      act,
      by: holder?.name ?? NOBODY_ASKED,
      role: holder?.role ?? null,
      from: peer,
      ...clientField(client),
      what: shortened(what),
      outcome: failure === null ? 'done' : shortened(failure.message),
    };
    this.#logger.info(entry, `${entry.by}: ${act} ${entry.what}: ${entry.outcome}`);
    this.#write(entry);
  }

  /**
   * Does something for an operator, and records what came of it.
   * @param nameOf names what was made, where that is known only then.
   * @throws what the work throws.
   */
  async carryOut<Result>(
    act: Act,
    actor: Caller,
    what: string,
    work: () => Result | Promise<Result>,
    nameOf: (result: Result) => string = () => what,
  ): Promise<Result> {
    try {
      const result = await work();
      this.acted({ act, actor, what: nameOf(result), failure: null });
      return result;
    } catch (error) {
      this.acted({ act, actor, what, failure: error as Error });
      throw error;
    }
  }

  /** Records a refusal; whoever calls bounds how many there are. */
  refused(code: string, message: string, client?: string | null): void {
    this.#write({ refused: code, what: shortened(message), ...clientField(client) });
  }

  /** All is on the disk, or was not taken by it. */
  written(): Promise<void> {
    return this.#writing;
  }

  #write(entry: object): void {
    const line = `${JSON.stringify({ time: this.#now().toISOString(), ...entry })}\n`;
    this.#writing = this.#writing
      .then(() => this.#append(line))
      .then(
        () => {
          this.#hasFailed = false;
        },
        (error: Error) => {
          if (!this.#hasFailed)
            this.#logger.error(`${this.#path}: not written: ${systemTrouble(error, this.#path)}`);
          this.#hasFailed = true;
        },
      );
  }

  async #append(line: string): Promise<void> {
    this.#bytes ??= await stat(this.#path).then(
      ({ size }) => size,
      () => 0,
    );
    const bytes = Buffer.byteLength(line);
    if (this.#bytes + bytes > this.#fileBytesMax) await this.#turnOver();
    await appendFile(this.#path, line, { mode: 0o600 });
    this.#bytes += bytes;
  }

  async #turnOver(): Promise<void> {
    const older = (number: number): string =>
      number === 0 ? this.#path : this.#path.replace(/(\.jsonl)?$/, `.${number}.jsonl`);
    for (let number = AUDIT_FILES_KEPT - 1; number >= 0; number--) {
      await rename(older(number), older(number + 1)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    }
    this.#bytes = 0;
  }
}

/** The field of a line that has one only where the client says something. */
export function clientField(client: string | null | undefined): { client?: string } {
  return client == null ? {} : { client };
}

function shortened(words: string): string {
  return words.slice(0, WORDS_LENGTH_MAX);
}
