/** What the operator's commands say of runs with `--json`, to the field, as a test expects it. */
import { expect } from 'vitest';
import type { RunJson } from './daemon.js';

/** A moment. */
export const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;
/** Any number. */
export const number = expect.any(Number) as number;
/** A SHA-256. */
export const hash = expect.stringMatching(/^[0-9a-f]{64}$/) as string;

/** All that the operator's commands say of a run; a test states what differs from a run that was just queued. */
export function run(id: string, name: string, differs: object): object {
  return {
    id,
    name,
    tags: [],
    note: '',
    priority: 0,
    pool: 'default',
    state: 'queued',
    reason: '',
    queuePosition: null,
    createdAt: time,
    startedAt: null,
    endedAt: null,
    step: 0,
    stepsTotal: null,
    epoch: 0,
    loss: null,
    lastStepLoss: null,
    validationLoss: null,
    validationBitsPerCharacter: null,
    windowsPerSecond: null,
    secondsLeft: null,
    workers: 0,
    workerHours: 0,
    activeHours: 0,
    weightsSha256: null,
    ...differs,
  };
}

/** What every run says that has taken steps. */
export const measured = {
  startedAt: time,
  epoch: number,
  loss: number,
  lastStepLoss: number,
  validationLoss: number,
  validationBitsPerCharacter: number,
  windowsPerSecond: number,
  workerHours: number,
  activeHours: number,
};

/** How a watched run ends with `--json`. */
export function outcome(differs: object): object {
  return {
    epoch: number,
    loss: number,
    validationLoss: number,
    validationBitsPerCharacter: number,
    bestStep: number,
    bestValidationLoss: number,
    windowsPerSecond: number,
    bytesSent: number,
    bytesReceived: number,
    notExactSince: null,
    ...differs,
  };
}

/** A run that has just become active. */
export const preparing = { state: 'waiting', reason: 'its text is being prepared', activeHours: number };

/** The end of a run that has taken all its steps. */
export function ended(steps: number): { steps: number; state: string; reason: string } {
  return { steps, state: 'done', reason: `all ${steps} steps are closed` };
}

/** What `run show` says, as far as a test reads it by name. */
export interface Shown extends RunJson {
  readonly loss: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly workerShares: readonly {
    readonly name: string;
    readonly microBatches: number;
    readonly microBatchesPerSecond: number | null;
  }[];
  readonly incidents: readonly { readonly kind: string }[];
  readonly history: readonly { readonly step: number; readonly validationLoss: number }[];
  readonly curve: readonly { readonly step: number; readonly loss: number }[];
}

/** What `run compare` says of losses. */
export interface Comparison {
  readonly losses: readonly { readonly step: number; readonly first: number; readonly second: number }[];
}
