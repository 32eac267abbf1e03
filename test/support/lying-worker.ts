import type { ParameterRange } from '@rocinante/parameters';
import type { AssignMessage, ReportMessage } from '@rocinante/wire';
import { LightWorker } from './light-worker.js';
import type { LightRun } from './light-run.js';

/** How a worker computes wrong: in one bit, by a factor far outside, or so that nothing is finite. */
export type Lie = 'bits' | 'factor' | 'nan';

const FACTOR = 1024;

/** From this step on, counted from 0, there are norms of steps before to compare with. */
const FIRST_STEP = 6;

/** Computes every gradient wrong from a step on, and reports what it computed. */
export class LyingWorker extends LightWorker {
  /** Reports of work that would have entered a sum. */
  lies = 0;
  readonly #lie: Lie;

  constructor(coordinator: string, name: string, lie: Lie, computeMs: number) {
    super(coordinator, name, { computeMs });
    this.#lie = lie;
  }

  protected override reportOf(assign: AssignMessage, light: LightRun): ReportMessage {
    const report = super.reportOf(assign, light);
    if (assign.step < FIRST_STEP) return report;
    if (assign.kind === 'WORK_KIND_TRAIN') this.lies += 1;
    const factor = this.#lie === 'factor' ? FACTOR : 1;
    const results = report.results.map((result) => {
      if (this.#lie === 'nan') return { ...result, lossSum: NaN, norm: NaN, finite: false, hash: 0 };
      if (this.#lie === 'bits') return { ...result, hash: (result.hash ^ 1) >>> 0 };
      return { ...result, norm: result.norm * FACTOR, hash: 0 };
    });
    const magnitudes = new Float32Array(Uint8Array.from(report.magnitudes).buffer).map(
      (magnitude) => magnitude * factor,
    );
    const fits = report.fits && this.#lie === 'bits';
    return { ...report, results, magnitudes: Buffer.from(magnitudes.buffer), fits };
  }

  protected override sumOf(assign: AssignMessage, range: ParameterRange, light: LightRun): Int32Array {
    const values = super.sumOf(assign, range, light);
    if (assign.step >= FIRST_STEP) values[0] += 1;
    return values;
  }
}
