import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, gunzipSync } from 'node:zlib';
import type { Checkpoint } from '@rocinante/checkpoint';
import { behindFirst, editBytes, splice, type Edit } from '../byte-edits.js';
import { coordinatorReaders } from '../coordinator-modules.js';
import { editLines } from '../line-edits.js';
import { scratchFile, scratchPath } from '../scratch.js';
import { expectLine, fault, taken, type Target } from '../target.js';
import { editText } from '../text-edits.js';
import { editJsonText } from './texts.js';

const hash = 'ab'.repeat(32);
const TIME = '2026-01-01T00:00:00.000Z';

/** The first byte of an input says which file it is of. */
function of(kind: string, contents: unknown): Uint8Array {
  const text = typeof contents === 'string' ? contents : JSON.stringify(contents);
  return Buffer.from(kind + text);
}

/** `run.json` of one run, beside another's that is sound; and `state.json`. */
export const runRecords = async (): Promise<Target> => {
  const { RunStore, presets } = await coordinatorReaders();
  const record = {
    version: 1,
    id: 'r1',
    name: 'run',
    tags: ['a'],
    note: 'of a test',
    priority: -3,
    pool: 'default',
    config: presets.quick,
    corpus: { sha256: hash, name: 'a text' },
    limits: {
      minWorkers: 1,
      maxHours: null,
      checkpointSeconds: 'auto',
      keepLast: 3,
      keepEverySteps: 0,
      exact: 'auto',
      auditShare: 0,
      normChecks: 'on',
    },
    state: 'stopped',
    reason: 'stopped on request',
    createdAt: TIME,
    startedAt: TIME,
    endedAt: null,
    queuedAt: TIME,
    stepsTotal: 10,
    step: 3,
    epoch: 1,
    loss: 2.5,
    lastStepLoss: 2.5,
    validationLoss: null,
    windowsPerSecond: 100,
    activeSeconds: 3,
    workerSeconds: 3,
    bytesSent: 5,
    bytesReceived: 5,
    weightsSha256: null,
  };
  const data = scratchPath('data');
  const file = (...names: string[]): string => join(data, ...names);
  mkdirSync(file('runs', 'r1'), { recursive: true });
  mkdirSync(file('runs', 'r2'));
  const sound = JSON.stringify({ ...record, id: 'r2', name: 'other' });
  return {
    name: 'run records',
    inputs: [of('r', record), of('r', { ...record, state: 'queued' }), of('s', { version: 1, lastRun: 2 })],
    edits: [editJsonText].map(behindFirst),
    read: async (bytes) => {
      const isState = bytes[0] === 's'.charCodeAt(0);
      writeFileSync(file('runs', 'r1', 'run.json'), isState ? JSON.stringify(record) : bytes.subarray(1));
      writeFileSync(file('runs', 'r2', 'run.json'), sound);
      rmSync(file('state.json'), { force: true });
      if (isState) writeFileSync(file('state.json'), bytes.subarray(1));
      const store = await RunStore.open(data);
      try {
        const damaged = store.damagedRuns();
        for (const { reason } of damaged) expectLine(reason);
        store.find('r2');
        store.queue('default');
        store.namedContents();
        // What was read can be written again.
        for (const { id } of store.runs()) store.update(id, { reason: 'read' });
        return damaged.length === 0;
      } finally {
        await store.close();
      }
    },
  };
};

/** Files of a run's directory that are read when it goes on, and a configuration that a person wrote. */
export const smallFiles = async (): Promise<Target> => {
  const { exactnessOf, isWhole, parseConfig, presets, progressOf, readMarks, resolveConfig, RunDirectory } =
    await coordinatorReaders();
  const directory = scratchPath('run');
  mkdirSync(directory);
  const progress = {
    step: 3,
    epochLossSum: 2.5,
    epochLossWindows: 8,
    lastLoss: 1.25,
    bestLoss: null,
    lossLevel: { smoothed: 2, lowest: 1 },
    anchorStep: 2,
    rollbacks: [{ fromStep: 5, toStep: 2 }],
  };
  const setter = {
    worker: 'sancho',
    engine: { tensorflow: '2.21.0', device: 'cpu', model: 'a processor', features: ['avx2'] },
  };
  const fileOf = (name: string, bytes: Uint8Array): void => writeFileSync(join(directory, name), bytes);
  const readers: Readonly<Record<string, (bytes: Uint8Array) => boolean>> = {
    c: (bytes) => {
      fileOf('config.json', bytes);
      return taken(() => new RunDirectory(directory).read());
    },
    f: (bytes) => {
      const path = scratchFile('my.json', bytes);
      return taken(() => {
        const config = resolveConfig({ config: path });
        // What was taken is taken again as it is, as when the run goes on.
        parseConfig(JSON.parse(JSON.stringify(config)));
      });
    },
    s: (bytes) => {
      fileOf('store.json', bytes);
      return taken(() => isWhole(directory));
    },
    n: (bytes) => {
      fileOf('notices.json', bytes);
      return readMarks(directory) !== null;
    },
    p: (bytes) => {
      const further = { progress: Buffer.from(bytes).toString() };
      const checkpoint = { step: 3, issueCount: 4, lossHistory: [], further } as unknown as Checkpoint;
      return taken(() => progressOf(checkpoint));
    },
    e: (bytes) =>
      taken(() =>
        exactnessOf(hash, {
          joiningProofSetBy: Buffer.from(bytes).toString(),
          exactness: 'not exact since step 3',
        }),
      ),
  };
  return {
    name: 'a run’s small files',
    inputs: [
      of('c', { version: 1, config: presets.seed, corpus: { source: 'bundled', sha256: hash } }),
      of('f', { preset: 'seed', seed: 5, schedule: { kind: 'cosine' }, earlyStopping: { patience: 3 } }),
      of('f', presets.quick),
      of('s', {
        version: 1,
        store: 's3://bucket/a',
        run: '3c1f8a52-52a1-4d3c-9a0f-4f3f2a1b0c9d',
        whole: true,
      }),
      of('n', { version: 1, queuedAt: TIME, ended: false, stuck: true }),
      of('p', progress),
      of('e', setter),
    ],
    edits: [editJsonText].map(behindFirst),
    read: (bytes) => (readers[String.fromCharCode(bytes[0])] ?? readers.f)(bytes.subarray(1)),
  };
};

const EVENTS: readonly object[] = [
  {
    event: 'started',
    atStep: 0,
    cause: 'begun',
    stepsTotal: 10,
    stepsPerEpoch: 5,
    windowsPerEpoch: 40,
    heldOutSymbols: 9,
    characters: 100,
    symbols: 9,
    window: 10,
    batch: 8,
    microBatch: 2,
    units: [8],
    parameters: 99,
    checkpoint: null,
    notExactSince: null,
  },
  { event: 'listening', atStep: 0, address: '127.0.0.1:7070' },
  { event: 'worker-joined', atStep: 0, worker: 'sancho', threads: 2, engine: null },
  { event: 'joining-proof', atStep: 0, sha256: hash, worker: 'sancho', engine: null },
  { event: 'issued-again', atStep: 1, issue: 2, workers: ['sancho'], cause: 'the grid' },
  ...[1, 2, 3].map((step) => ({
    event: 'step',
    step,
    epoch: 1,
    loss: 2.5,
    windows: 8,
    issues: 1,
    seconds: 0.5,
    norm: { least: 1, median: 2, greatest: 3 },
  })),
  { event: 'not-exact', atStep: 1, worker: 'rucio', engine: null, proof: '', message: 'another' },
  { event: 'late', atStep: 2, worker: 'rucio', evaluates: false, microBatches: [1, 2] },
  {
    event: 'second-word',
    atStep: 2,
    microBatches: [1],
    cause: 'norm',
    verdict: 'unsettled',
    workers: ['rucio', 'sancho'],
  },
  { event: 'evaluation', atStep: 2, epoch: 1, loss: 2.5, validationLoss: 2.25, best: true },
  {
    event: 'went-back',
    atStep: 2,
    fromStep: 3,
    reason: 'diverged',
    times: 1,
    rateShare: 0.5,
    notExactSince: null,
  },
  { event: 'held', atStep: 3, reason: 'the disk is nearly full' },
  { event: 'worker-left', atStep: 3, worker: 'sancho', lost: true, reason: 'connection lost' },
  { event: 'finished', atStep: 3, outcome: 'failed', reason: 'a reason' },
];

/** `events.jsonl`, as it is read back for whoever watches, and by a run that goes on. */
export const eventLogs = async (): Promise<Target> => {
  const { entryText, EventLog, goingOnWith, lastStarted, lossesOf, NOT_PROVEN, opening, pastOf } =
    await coordinatorReaders();
  const folder = scratchPath('log');
  mkdirSync(folder);
  const path = join(folder, 'events.jsonl');
  const lines = (events: readonly object[]): Uint8Array =>
    Buffer.from(events.map((event) => `${JSON.stringify({ time: TIME, ...event })}\n`).join(''));
  return {
    name: 'event logs',
    inputs: [lines(EVENTS), lines(EVENTS.slice(0, 5))],
    edits: [editLines, editLines, editLines, editText],
    read: async (bytes) => {
      writeFileSync(path, bytes);
      const told = await opening(path);
      for (const entry of told) if (entry.event !== 'step' && entry.event !== 'ignored') entryText(entry);
      await lastStarted(path);
      for await (const { losses } of lossesOf(path, 2)) if (losses.length > 2) throw new Error('too many');
      await pastOf(path);
      await goingOnWith(NOT_PROVEN, path, false);
      const log = new EventLog(path, 2, 1);
      await log.open();
      log.close();
      // What a run goes on with are whole lines.
      for (const line of readFileSync(path, 'utf8').split('\n').slice(0, -1)) JSON.parse(line);
      return told.length > 0;
    },
  };
};

const BLOCK = 512;
const ABOUT = {
  name: 'rocinante-0.1.0-linux-x64',
  platform: 'linux-x64',
  engine: null,
  unpackedBytes: 9_000,
};

/** One file of a tar archive. */
function tarEntry(path: string, content: string): Uint8Array {
  const header = Buffer.alloc(BLOCK);
  header.write(path);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  const padded = Buffer.alloc(Math.ceil(content.length / BLOCK) * BLOCK);
  padded.write(content);
  return Buffer.concat([header, padded]);
}

function bundle(about: unknown): Uint8Array {
  const folder = ABOUT.name;
  const parts = [
    tarEntry(`${folder}/LICENSE`, 'a'.repeat(700)),
    tarEntry(`${folder}/bundle.json`, JSON.stringify(about)),
  ];
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]));
}

/** Edits what is packed, and packs it again. */
const editPacked: Edit = (bytes, draw) => {
  try {
    let packed: Uint8Array = gunzipSync(bytes, { maxOutputLength: 1 << 20 });
    // A size in a header, as digits that are none or too many.
    if (draw.chance(0.5) && packed.length >= 2 * BLOCK) {
      const header = BLOCK * draw.below(Math.floor(packed.length / BLOCK));
      const digits = draw.of(['-1', '-7777777777', '77777777777', '', '9', ' 12 ', '\u0000\u0000', '0x1']);
      packed = splice(packed, header + 124, 12, Buffer.from(digits.padEnd(12, draw.of([' ', '\0']))));
    } else packed = editBytes(packed, draw);
    return gzipSync(packed, { level: 1 });
  } catch {
    return editBytes(bytes, draw);
  }
};

/** What `deploy ssh` reads: the archive that it brings, and a file of hosts. */
export const bundlesAndHosts = async (): Promise<Target> => {
  const { parseHosts, readBundleFile } = await coordinatorReaders();
  const kind = (letter: string, contents: Uint8Array): Uint8Array =>
    splice(contents, 0, 0, Buffer.from(letter));
  return {
    name: 'bundles and hosts',
    inputs: [
      kind('b', bundle(ABOUT)),
      kind('b', bundle({ ...ABOUT, engine: '2.21.0' })),
      of('h', '# machines\nana@gpu-1.example.org:2222\ngpu-2\n10.0.0.7 # slow\n'),
    ],
    edits: [
      behindFirst((bytes, draw) => (bytes[0] === 0x1f ? editPacked(bytes, draw) : editText(bytes, draw))),
    ],
    read: async (bytes) => {
      const isHosts = bytes[0] === 'h'.charCodeAt(0);
      const path = scratchFile('given', bytes.subarray(1));
      if (isHosts) return taken(() => parseHosts(path));
      try {
        await readBundleFile(path);
        return true;
      } catch (error) {
        if (fault(error) !== null) throw error;
        return false;
      }
    },
  };
};
