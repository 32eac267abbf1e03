import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from './project-root.js';
import type { Finished } from './rocinante.js';

interface Running {
  readonly resolve: (finished: Finished) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One process that runs the coordinator's commands one after another, behind the launcher: for a spec that asks for many whose
 * answers are all that matters, and starts one of them by `rocinante` too. To start a process takes some ten times what such a
 * command does.
 */
export class CommandProcess {
  readonly #child: ChildProcess = fork(join(projectRoot, 'test/dist/support/command-child.js'));
  readonly #running: Running[] = [];

  constructor() {
    this.#child.on('message', (finished: Finished) => this.#running.shift()!.resolve(finished));
    this.#child.on('exit', (code) => {
      for (const { reject } of this.#running)
        reject(new Error(`the process of commands has ended with ${code}`));
    });
  }

  /** @param args the words after `rocinante`, of a command that ends by itself. */
  run(args: readonly string[]): Promise<Finished> {
    return new Promise((resolve, reject) => {
      this.#running.push({ resolve, reject });
      this.#child.send(args, (error) => error && reject(error));
    });
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}
