import { EXIT_INTERRUPTED } from '../exit-codes.js';

/** Ends the process at the first SIGINT or SIGTERM, and says what has become of the run that was to be started. */
export class StartInterruption {
  #line = 'interrupted; no run was started';

  constructor() {
    process.once('SIGINT', this.#end).once('SIGTERM', this.#end);
  }

  /** The run was asked for: from now on nobody here knows whether there is one. */
  asked(): void {
    this.#line = 'interrupted while the run was started; whether it was is told by: ./rocinante run list';
  }

  /** Lets go of the signals. */
  release(): void {
    process.off('SIGINT', this.#end).off('SIGTERM', this.#end);
  }

  readonly #end = (): void => {
    // A transfer's line may be open.
    process.stderr.write(`${process.stderr.isTTY ? '\n' : ''}${this.#line}\n`);
    process.exit(EXIT_INTERRUPTED);
  };
}
