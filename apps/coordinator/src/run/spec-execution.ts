/**
 * For specs: activations of a run over a real text and folder, with a service over gRPC for its workers.
 *
 * A spec that imports this has a folder and a service of its own for each test, which end with it.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunConfig } from '@rocinante/training';
import { afterEach, beforeEach } from 'vitest';
import { encodeText, type EncodedText } from '../corpus/encode-thread.js';
import { smallConfig, text } from '../daemon/spec-coordinator.js';
import { service } from '../service/spec-service.js';
import type { ExecutionOptions } from './execution-options.js';
import type { RunLogEntry } from './log/log-entries.js';
import { prepareRun, type PreparedRun } from './prepared-run.js';
import { RunDirectory } from './run-directory.js';
import { RunExecution } from './run-execution.js';
import { DEFAULT_LIMITS, type RunLimits } from './run-limits.js';

let folder: string;
export let directory: RunDirectory;
/** Entries of the event log, as they were told. */
export let told: RunLogEntry[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rocinante-execution-'));
  directory = new RunDirectory(folder);
  mkdirSync(directory.checkpointsPath);
  mkdirSync(join(folder, 'weights'));
  told = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

export function encoded(): Promise<EncodedText> {
  return encodeText({ bytes: Buffer.from(text), normalisation: 'none', subject: 'corpus', symbols: null });
}

/** A run that begins. */
export async function prepared(
  limits: Partial<RunLimits> = {},
  config: RunConfig = smallConfig,
): Promise<PreparedRun> {
  return prepareRun(config, await encoded(), { ...DEFAULT_LIMITS, ...limits }, directory, null);
}

export function execution(run: PreparedRun, options: Partial<ExecutionOptions> = {}): RunExecution {
  return new RunExecution(run, {
    name: 'r1',
    service,
    pool: undefined,
    initialParameters: null,
    cause: 'begun',
    activeSeconds: 0,
    trafficBefore: { bytesSent: 0, bytesReceived: 0 },
    placeOption: '--data',
    ledger: true,
    goesBack: true,
    sample: false,
    observers: [],
    onEntry: (entry) => told.push(entry),
    ...options,
  });
}

/** Kinds of the entries that were told. */
export function events(): string[] {
  return told.map(({ event }) => event);
}

/** Kinds of the entries in the file. */
export function logged(): string[] {
  const lines = readFileSync(directory.eventsPath, 'utf8').trimEnd().split('\n');
  return lines.map((line) => (JSON.parse(line) as RunLogEntry).event);
}
