import { spawn, type ChildProcess } from 'node:child_process';
import { isSameCard, xidOf } from '@rocinante/engine';
import { LineSplitter, type Logger } from '@rocinante/log';

/** A program that may not read the log ends at once; one that is still there after so long reads it. */
const SETTLE_MS = 1_000;

const SAID_LENGTH_MAX = 200;

/** Errors that are logged one by one, at most: a card that fails may report thousands. All are counted. */
const LOGGED_MAX = 20;

export interface XidWatchOptions {
  /** PATH leads to setpriv and dmesg. */
  readonly environment: NodeJS.ProcessEnv;
  /** The card's PCI address, as nvidia-smi writes it. */
  readonly busId: string;
  readonly log: Logger;
  /** Told how many errors there were since the log is read, 0 at first; and of null once it is not read any more. */
  readonly tell: (errors: number | null) => void;
  readonly settleMs?: number;
}

/**
 * Counts the driver's errors of a card (Xid), which nvidia-smi does not tell and the kernel's log does, from now on. Who may not
 * read that log, as most users and containers may not, is told once that they are not seen.
 */
export class XidWatch {
  readonly #options: XidWatchOptions;
  readonly #child: ChildProcess;
  readonly #settling: NodeJS.Timeout;
  #errors = 0;
  #said = '';
  #stopped = false;

  /** @throws what the system says where it is short of memory or files to start a process; another try may do. */
  constructor(options: XidWatchOptions) {
    this.#options = options;
    // It waits for lines that may never come, so the kernel ends it with this process.
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', 'dmesg', '--follow-new'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...options.environment, LC_ALL: 'C' },
    });
    this.#child.on('error', (error) => (this.#said ||= error.message));
    const { stdout, stderr } = this.#child;
    if (stdout === null || stderr === null || stdout === undefined || stderr === undefined) {
      throw new Error('setpriv is not started: no files are left');
    }
    this.#settling = setTimeout(() => options.tell(this.#errors), options.settleMs ?? SETTLE_MS).unref();
    const lines = new LineSplitter((line) => this.#take(line));
    stdout.setEncoding('utf8').on('data', lines.take);
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(0, SAID_LENGTH_MAX);
    });
    this.#child.on('close', () => this.#ended());
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#settling);
    this.#child.kill('SIGKILL');
  }

  #take(line: string): void {
    const { busId, log, tell } = this.#options;
    const found = xidOf(line);
    if (found === null || !isSameCard(found.address, busId)) return;
    this.#errors += 1;
    if (this.#errors <= LOGGED_MAX) {
      log.warn(
        { xid: found.xid },
        `the driver reports Xid ${found.xid} of the card: ${line.slice(0, SAID_LENGTH_MAX)}`,
      );
    }
    tell(this.#errors);
  }

  #ended(): void {
    clearTimeout(this.#settling);
    if (this.#stopped) return;
    const { log, tell } = this.#options;
    const said = this.#said.trim().split('\n')[0];
    log.info(
      `Xid errors of the card are not seen: the kernel's log cannot be read${said === '' ? '' : ` (${said})`}`,
    );
    tell(null);
  }
}
