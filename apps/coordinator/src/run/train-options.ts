import type { LstmChoice } from '@rocinante/model';
import type { CardSeat, Device } from '@rocinante/engine';
import type { ObjectStore } from '@rocinante/store';
import type { ConfigFlags } from '../config.js';
import type { NotifyTarget } from '../notify/notify-target.js';
import type { RunLimits } from './run-limits.js';

/** What `train` is told, checked. */
export interface TrainOptions {
  readonly flags: ConfigFlags;
  /** A file, `bundled` or `quijote`; absent for the default, or the resumed run's. */
  readonly corpus: string | undefined;
  /** A weights file to begin with; absent for first values from the seed. */
  readonly initFrom: string | undefined;
  /** Where there are no `seats`. */
  readonly workers: number;
  /** A worker on each; null where cards were not named. */
  readonly seats: readonly CardSeat[] | null;
  /** Compute threads of each worker. */
  readonly threads: number;
  readonly device: Device;
  /** How workers compute LSTM layers. */
  readonly lstm: LstmChoice;
  /** Absolute; null for a new one in `runs`. */
  readonly runDir: string | null;
  readonly resume: boolean;
  readonly limits: RunLimits;
  /** Where the run is kept beside its directory; null for nowhere. */
  readonly store: ObjectStore | null;
  readonly corpusCache: boolean;
  readonly ledger: boolean;
  /** Who is told what happens to the run; null for nobody. */
  readonly notify: NotifyTarget | null;
  /** The folder of event files for TensorBoard, absolute; null for none. */
  readonly tensorboard: string | null;
  readonly json: boolean;
}
