import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { begun, ended } from './what-runs.js';

/** Of what a process said on standard error, so much is kept, in characters. */
const SAID_LENGTH_MAX = 4_000;
/** Of its last line, which stands in a table. */
const LINE_LENGTH_MAX = 300;

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A program that answers each line of JSON on its standard input by one on its standard output, `{"error": line}` where it
 * cannot. One question at a time. Other lines of its output, such as a library's, are passed over.
 */
export class LineProcess {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #closed: Promise<void>;
  #said = '';
  #waiting: Waiting | null = null;
  #end: string | null = null;

  constructor(name: string, command: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    this.#name = name;
    this.#child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    // A process that has gone is told of by its end.
    this.#child.stdin!.on('error', () => undefined);
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-SAID_LENGTH_MAX);
    });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.#answered(line));
    this.#closed = new Promise((resolve) => {
      const close = (how: string): void => {
        ended(this);
        this.#end = `${name} ${how}${this.#lastWords()}`;
        this.#settle((waiting) => waiting.reject(new Error(this.#end!)));
        resolve();
      };
      this.#child.on('error', (error) => close(`did not start: ${error.message}`));
      this.#child.on('close', (code, signal) => close(`ended with ${code ?? signal}`));
    });
    begun(this);
  }

  get hasEnded(): boolean {
    return this.#end !== null;
  }

  /** @throws {Error} its error, its end, or the limit, each in one line. After the limit it is ended. */
  async ask<Answer>(question: object, limitSeconds: number): Promise<Answer> {
    if (this.#end !== null) throw new Error(this.#end);
    let timer: NodeJS.Timeout;
    const answer = new Promise<Answer>((resolve, reject) => {
      this.#waiting = { resolve, reject };
      timer = setTimeout(() => {
        this.#settle((waiting) =>
          waiting.reject(new Error(`${this.#name} gave no answer in ${limitSeconds} s${this.#lastWords()}`)),
        );
        void this.end();
      }, limitSeconds * 1000);
    });
    this.#child.stdin!.write(`${JSON.stringify(question)}\n`);
    return answer.finally(() => clearTimeout(timer));
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#closed;
  }

  #answered(line: string): void {
    let answer: { readonly error?: string };
    try {
      answer = JSON.parse(line) as typeof answer;
    } catch {
      return;
    }
    this.#settle((waiting) =>
      answer.error === undefined
        ? waiting.resolve(answer as never)
        : waiting.reject(new Error(answer.error.split('\n')[0])),
    );
  }

  #settle(how: (waiting: Waiting) => void): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting !== null) how(waiting);
  }

  /** What standard error says last of an error, or at all. */
  #lastWords(): string {
    const lines = this.#said.split('\n').filter((text) => text.trim() !== '');
    const line = lines.findLast((text) => /^\w*Error\b.*:/.test(text)) ?? lines.at(-1);
    return line === undefined ? '' : `: ${line.trim().slice(0, LINE_LENGTH_MAX)}`;
  }
}
