import { networkLayout } from '@rocinante/model';
import { networkOf, runWindows } from '@rocinante/training';
import type { EventLog } from './log/event-log.js';
import type { StartCause } from './log/log-entries.js';
import { rateChange } from './rate-change.js';
import { warmUpOf } from './warm-up.js';
import type { PreparedRun } from './prepared-run.js';
import { returnOf } from './checkpoints/rollback.js';

/**
 * Tells the log that a run begins or goes on: first what is found of the time before, then what it works on from here.
 * @param cause why it is activated.
 */
export function tellBeginning(log: EventLog, prepared: PreparedRun, cause: StartCause): void {
  tellBefore(log, prepared);
  const { config, corpus, shape, loaded, exactness } = prepared;
  const vocabularySize = corpus.vocabulary.size;
  log.write({
    event: 'started',
    atStep: log.step,
    cause,
    stepsTotal: shape.stepsTotal,
    stepsPerEpoch: Math.ceil(shape.windowsPerEpoch / config.batch.size),
    windowsPerEpoch: shape.windowsPerEpoch,
    heldOutSymbols: heldOutSymbols(prepared),
    characters: corpus.ids.length,
    symbols: vocabularySize,
    window: config.text.window,
    batch: config.batch.size,
    microBatch: config.batch.microBatch,
    units: config.network.layers.map(({ units }) => units),
    parameters: networkLayout(networkOf(config, vocabularySize)).length,
    precision: config.precision,
    warmUp: warmUpOf(config),
    checkpoint: loaded?.name ?? null,
    notExactSince: exactness.notExactSince,
  });
}

/** Checkpoints that were damaged, a return that was not told, another length. */
function tellBefore(log: EventLog, prepared: PreparedRun): void {
  const { config, loaded, lengthBefore } = prepared;
  for (const { name, reason } of loaded?.passedOver ?? []) {
    log.write({ event: 'checkpoint-passed-over', atStep: log.step, name, reason });
  }
  if (log.lacksReturn)
    log.tellReturn(returnOf(prepared, 'the coordinator was killed while the run went back'));
  if (lengthBefore !== null) {
    const to = { steps: config.steps, epochs: config.epochs };
    const rate = rateChange(prepared);
    log.write({ event: 'length-changed', atStep: log.step, from: lengthBefore, to, rate });
  }
}

/** Symbols of the part that evaluations read; what is held out for tests is not among them. */
function heldOutSymbols({ config, corpus }: PreparedRun): number {
  const { validation } = runWindows(config, corpus.ids.length).windows;
  return validation === null ? 0 : validation.end - validation.start;
}
