import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from './project-root.js';

const launcher = join(projectRoot, 'rocinante');

export interface Finished {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What `train --json` ends with. */
export interface Summary {
  readonly steps: number;
  readonly epoch: number;
  readonly loss: number;
  readonly validationLoss: number | null;
  readonly bestStep: number | null;
  readonly bestValidationLoss: number | null;
  readonly windowsPerSecond: number | null;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly weightsSha256: string;
  readonly runDir: string;
}

/** `./rocinante` as a process of its own. */
export class Rocinante {
  readonly process: ChildProcess;
  readonly finished: Promise<Finished>;
  #stderr = '';
  readonly #watchers: (() => void)[] = [];

  /**
   * @param within words of a command that runs it elsewhere, such as in a network namespace, in the same process.
   * @param program another launcher than the checkout's, such as a bundle's.
   */
  constructor(
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
    within: readonly string[] = [],
    program: string = launcher,
  ) {
    const [command, ...words] = [...within, program, ...args];
    this.process = spawn(command, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    let stdout = '';
    this.process.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    this.process.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      for (const watch of this.#watchers) watch();
    });
    this.finished = new Promise((resolve) => {
      this.process.on('close', (code) => resolve({ code, stdout, stderr: this.#stderr }));
    });
  }

  /** Waits until standard error matches; fails when the process ends before. */
  async says(pattern: RegExp): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const watch = (): void => {
        if (pattern.test(this.#stderr)) resolve();
      };
      this.#watchers.push(watch);
      watch();
      void this.finished.then(({ stderr }) =>
        reject(new Error(`ended before it said ${pattern}:\n${stderr}`)),
      );
    });
  }
}

/** Runs `./rocinante` to its end. */
export function rocinante(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> {
  return new Rocinante(args, env).finished;
}

/** Trains to the end, and gives the last line of standard output. */
export async function train(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Summary> {
  const finished = await rocinante(['train', '--json', ...args], env);
  if (finished.code !== 0) throw new Error(`train ended with ${finished.code}:\n${finished.stderr}`);
  return JSON.parse(finished.stdout.trim().split('\n').at(-1)!) as Summary;
}

/** The whole lines of a run's `events.jsonl`. */
export function events(runDir: string): Record<string, unknown>[] {
  return readFileSync(join(runDir, 'events.jsonl'), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** A folder that lives as long as a test file. */
export class Workspace {
  readonly path = mkdtempSync(join(tmpdir(), 'rocinante-test-'));

  in(...names: string[]): string {
    return join(this.path, ...names);
  }

  /** Writes a file, JSON where it is not text or bytes. */
  write(name: string, content: unknown): string {
    const path = this.in(name);
    writeFileSync(
      path,
      typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content),
    );
    return path;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
