import { systemTrouble } from '@rocinante/base';
import { CheckpointWriteError } from '@rocinante/checkpoint';
import { RunFailedError } from '../errors.js';
import { releaseBytes } from './disk-space.js';
import type { LimitsWatch } from './limits-watch.js';
import type { SaveRoom } from './training-run.js';

/** A file that grows with the run, and tells what the disk did not take: the event log, the ledger. */
interface GrowingFile {
  /** For other reasons than a full disk: it cannot be written any more. */
  onFailure: (error: Error) => void;
  onFull: (error: Error) => void;
}

export interface HeldByDiskParts {
  readonly watch: Pick<LimitsWatch, 'full' | 'untilRoom' | 'written'>;
  /** Of the run, by which the room is reckoned that it goes on with. */
  readonly parameterCount: number;
  /** Ends the run. */
  readonly abort: (error: RunFailedError) => void;
}

/**
 * What a run does where the disk does not take one of its files: for want of room it is held until there is some, which
 * `LimitsWatch` looks for, and for any other reason it ends.
 */
export class HeldByDisk {
  readonly #parts: HeldByDiskParts;

  constructor(parts: HeldByDiskParts) {
    this.#parts = parts;
  }

  /** @param path where the file lies, for messages. */
  follow(path: string, file: GrowingFile): void {
    file.onFailure = (cause) => this.#parts.abort(notWritten(path, cause));
    file.onFull = (error) => this.#parts.watch.full(this.#reason(path, error));
  }

  /** Where a save waits. @param checkpointsPath what it is to write; @param ledgerPath what is to be written before it. */
  saveRoom(checkpointsPath: string, ledgerPath: string): SaveRoom {
    const { watch } = this.#parts;
    return {
      untilThere: (error) => watch.untilRoom(this.#reason(checkpointsPath, error)),
      untilRecorded: async (error) => {
        if (await watch.untilRoom(this.#reason(ledgerPath, error))) return;
        throw notWritten(ledgerPath, error);
      },
      taken: () => watch.written(),
    };
  }

  /** Why the run is held. @param path of what was not taken. */
  #reason(path: string, error: Error): string {
    const cause = error instanceof CheckpointWriteError ? error.cause : error;
    const megabytes = Math.ceil(releaseBytes(this.#parts.parameterCount) / 1e6);
    return `disk: ${path}: ${systemTrouble(cause, path)}; free some space: the run goes on once ${megabytes} MB are free`;
  }
}

/** Why a run ends whose file takes no more. */
function notWritten(path: string, cause: Error): RunFailedError {
  return new RunFailedError(`${path}: cannot be written: ${systemTrouble(cause, path)}`, { cause });
}
