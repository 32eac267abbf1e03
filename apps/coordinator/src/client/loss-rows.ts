import type { LossChunkMessage } from '@rocinante/wire';
import type { ShownRun } from './coordinator.js';

/** What a run's losses were after one step, in nats a character; null is what there is none of. */
export interface LossRow {
  readonly step: number;
  /** Mean over the step's windows; null where the run's log lacks the step. */
  readonly loss: number | null;
  /** Of the evaluation after this step. */
  readonly validationLoss: number | null;
}

/**
 * A run's training losses with its held-out ones beside them.
 *
 * Order: by step, each once. Of a long run's evaluations the coordinator tells the newest alone.
 * @param losses of all closed steps, ascending, in pieces.
 */
export async function* lossRows(
  losses: AsyncIterable<LossChunkMessage>,
  { history }: Pick<ShownRun, 'history'>,
): AsyncGenerator<LossRow> {
  // One that came again after a coordinator's end stands for the one before.
  const bySteps = new Map(history.map(({ step, validationLoss }) => [step, validationLoss ?? null]));
  const evaluations = [...bySteps].flatMap(([step, validationLoss]) =>
    validationLoss === null ? [] : [{ step, validationLoss }],
  );
  let place = 0;
  /** Those of steps before `end`, which have no loss of their own. */
  function* before(end: number): Generator<LossRow> {
    for (; place < evaluations.length && evaluations[place].step < end; place += 1) {
      yield { step: evaluations[place].step, loss: null, validationLoss: evaluations[place].validationLoss };
    }
  }
  for await (const { firstStep, losses: part } of losses) {
    for (const [index, loss] of part.entries()) {
      const step = firstStep + index;
      yield* before(step);
      const isEvaluated = evaluations[place]?.step === step;
      yield { step, loss, validationLoss: isEvaluated ? evaluations[place].validationLoss : null };
      if (isEvaluated) place += 1;
    }
  }
  yield* before(Infinity);
}
