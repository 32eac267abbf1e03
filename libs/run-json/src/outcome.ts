import type { RunStateWord } from './run.js';

/** How a watched run ended: what `train --json` ends with, but for `run` in place of its directory. */
export interface OutcomeJson {
  readonly steps: number;
  readonly epoch: number;
  /** Mean training loss of the last epoch, or of its part that was run; null where there was none. */
  readonly loss: number | null;
  readonly validationLoss: number | null;
  readonly validationBitsPerCharacter: number | null;
  /** Of the best evaluation, whose weights are those of `--which best`; null before the first. */
  readonly bestStep: number | null;
  /** Its held-out loss; null before the first, and where nothing is held out. */
  readonly bestValidationLoss: number | null;
  readonly windowsPerSecond: number | null;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Null where the run is not done. */
  readonly weightsSha256: string | null;
  readonly notExactSince: number | null;
  readonly run: string;
  readonly state: RunStateWord;
  readonly reason: string;
}
