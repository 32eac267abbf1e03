import type { RandomStream } from '@rocinante/base';
import { ISSUES_MAX } from '../step-work.js';
import type { SimulationFaults } from './scenario.js';
import type { Misdeed } from './simulated-worker.js';

/** Faults of which a scenario has so many, each at a drawn moment. */
type CountedFault =
  | 'workerCrashes'
  | 'coordinatorCrashes'
  | 'stops'
  | 'holds'
  | 'failedSaves'
  | 'misdeeds'
  | 'slowdowns'
  | 'stalls';

const MISDEEDS: readonly Misdeed[] = ['not-finite', 'wrong-set', 'wrong-fit', 'out-of-order', 'not-granted'];

/** What may still go wrong in a simulated run. */
export class SimulatedFaults {
  readonly #left: { [fault in CountedFault]: number };
  readonly #random: RandomStream;
  #wasNotFinite = false;
  #wrongFits = 0;

  constructor(faults: SimulationFaults, random: RandomStream) {
    this.#left = { ...faults };
    this.#random = random;
  }

  /**
   * Whether a fault happens now; then there is one less of it.
   * @param share how often it does, while there are any left: 0 to 1.
   */
  draw(fault: CountedFault, share: number): boolean {
    if (this.#left[fault] === 0 || this.#random.uniform() >= share) return false;
    this.#left[fault] -= 1;
    return true;
  }

  /** What a worker does against the protocol in the work in hand; null for nothing. */
  misdeed(): Misdeed | null {
    if (!this.draw('misdeeds', 0.1)) return null;
    const misdeed = MISDEEDS[this.#random.integer(MISDEEDS.length)];
    // Twice in one micro-batch would be a divergence by the rules.
    if (misdeed === 'not-finite' && this.#wasNotFinite) return null;
    this.#wasNotFinite ||= misdeed === 'not-finite';
    // Three in one step, beside its own misfit, would use its issues up, and fail the run by the rules.
    if (misdeed === 'wrong-fit' && ++this.#wrongFits === ISSUES_MAX - 1) return null;
    return misdeed;
  }
}
