/** For specs: entries of a run's event log. */
import type { LogEntryOf } from '../run/log/log-entries.js';

export function started(fields: Partial<LogEntryOf<'started'>>): LogEntryOf<'started'> {
  return {
    time: '2026-11-24T10:00:00.000Z',
    event: 'started',
    cause: 'begun',
    atStep: 0,
    stepsTotal: 1340,
    stepsPerEpoch: 335,
    windowsPerEpoch: 10_712,
    heldOutSymbols: 59_516,
    characters: 1_190_317,
    symbols: 83,
    window: 100,
    batch: 32,
    microBatch: 16,
    units: [256],
    parameters: 355_347,
    precision: 'float32',
    warmUp: { steps: 0, rate: 0.004 },
    checkpoint: null,
    notExactSince: null,
    ...fields,
  };
}

export function stepEntry(step: number, fields: Partial<LogEntryOf<'step'>> = {}): LogEntryOf<'step'> {
  return {
    time: '2026-11-24T10:00:01.000Z',
    event: 'step',
    step,
    epoch: 1,
    loss: 2.5,
    windows: 32,
    issues: 1,
    seconds: 0.1,
    learningRate: 0.004,
    gradientNorm: null,
    clipFactor: null,
    norm: { least: 1, median: 1, greatest: 1 },
    ...fields,
  };
}

export function evaluationEntry(
  atStep: number,
  fields: Partial<LogEntryOf<'evaluation'>> = {},
): LogEntryOf<'evaluation'> {
  return {
    time: '2026-11-24T10:00:02.000Z',
    event: 'evaluation',
    atStep,
    epoch: 1,
    loss: 2.2992,
    validationLoss: 1.9066,
    best: true,
    ...fields,
  };
}

export function summaryEntry(fields: Partial<LogEntryOf<'summary'>> = {}): LogEntryOf<'summary'> {
  return {
    time: '2026-11-24T10:00:03.000Z',
    event: 'summary',
    atStep: 1340,
    steps: 1340,
    epoch: 4,
    loss: 1.5995,
    validationLoss: 1.6112,
    bestStep: 1340,
    bestValidationLoss: 1.6112,
    lastFall: null,
    windowsPerSecond: 413.1,
    bytesSent: 10,
    bytesReceived: 20,
    weightsSha256: 'fc0b',
    ...fields,
  };
}
