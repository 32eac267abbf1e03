import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from './project-root.js';

/** A process of light workers (`light-crowd.ts`), on another host where `within` says so. It ends with `end`. */
export class LightProcess {
  /** What its workers were cut off by, a line each. */
  cuts = '';
  readonly #process: ChildProcess;

  /**
   * @param within words of a command that runs it elsewhere, such as in a network namespace.
   * @param computeMs what a micro-batch takes each of them.
   */
  constructor(
    coordinator: string,
    prefix: string,
    workers: number,
    within: readonly string[] = [],
    computeMs = 1,
  ) {
    const program = join(projectRoot, 'test/dist/support/light-crowd.js');
    const [command, ...words] = [...within, process.execPath, program, coordinator, prefix];
    this.#process = spawn(command, [...words, String(workers), String(computeMs)], {
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    this.#process.stderr!.setEncoding('utf8').on('data', (text: string) => (this.cuts += text));
  }

  end(): void {
    this.#process.kill('SIGKILL');
  }
}
