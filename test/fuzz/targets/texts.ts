import { foreignLine, messageOf } from '@rocinante/log';
import { findManifest, parseStoreAddress, type ObjectStore } from '@rocinante/store';
import { runConfigSchema, type RunConfig } from '@rocinante/training';
import type { Edit } from '../byte-edits.js';
import { doubleMember, editJson, jsonOf } from '../json-edits.js';
import { editText } from '../text-edits.js';
import type { Target } from '../target.js';

/** Edits JSON as a value; as text where it is none any more. */
export const editJsonText: Edit = (bytes, draw) => {
  const text = Buffer.from(bytes).toString('utf8');
  if (draw.chance(0.05)) return Buffer.from(doubleMember(text, draw));
  try {
    return Buffer.from(jsonOf(editJson(JSON.parse(text), draw)) ?? '');
  } catch {
    return editText(bytes, draw);
  }
};

const CONFIG: RunConfig = {
  network: {
    input: 'embedding',
    embeddingSize: 4,
    layers: [{ units: 8, dropout: 0.5 }],
    recurrentActivation: 'sigmoid',
    loss: 'every',
  },
  text: { normalisation: 'none', window: 10, stride: 10, heldOut: true, order: 'shuffled' },
  batch: { size: 8, microBatch: 2 },
  optimizer: {
    kind: 'adam',
    learningRate: 0.001,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-7,
    clipNorm: 1,
    weightDecay: 0,
  },
  schedule: { kind: 'step', warmupSteps: 3, everySteps: 10, factor: 0.5 },
  evaluation: { everySteps: 5, symbolsMax: 1000 },
  earlyStopping: { patience: 3, minDelta: 0.1 },
  divergence: { then: 'rollback', spikeFactor: 2, anchorEverySteps: 100, rateFactor: 0.5, rollbacksMax: 5 },
  initFrom: 'ab'.repeat(32),
  codec: { up: 'int32-grid', down: 'float32' },
  precision: 'float32',
  seed: 1,
  epochs: 2,
  steps: 20,
};

/** A run's configuration, from a file or an order. */
export const configuration = (): Target => ({
  name: 'configuration',
  inputs: [
    CONFIG,
    {
      ...CONFIG,
      schedule: { kind: 'cosine', warmupSteps: 0, finalShare: 0.1 },
      earlyStopping: null,
      steps: null,
    },
    { ...CONFIG, evaluation: undefined, divergence: undefined, initFrom: null },
  ].map((config) => Buffer.from(JSON.stringify(config))),
  edits: [editJsonText],
  read: (bytes) => {
    const parsed = runConfigSchema.safeParse(jsonIn(bytes));
    if (!parsed.success) return false;
    // What was taken is taken again as it is, as when a run goes on.
    const again = runConfigSchema.safeParse(JSON.parse(JSON.stringify(parsed.data)));
    if (!again.success) throw new Error(`taken, and then refused: ${again.error.issues[0].message}`);
    return true;
  },
});

function jsonIn(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}

const hash = 'ab'.repeat(32);
const checkpoint = { step: 3, name: 'step-00000003.safetensors', bytes: 100, sha256: hash, needed: true };

const MANIFEST = {
  version: 1,
  run: '3c1f8a52-52a1-4d3c-9a0f-4f3f2a1b0c9d',
  writer: { id: '8d0f3c1f-9a0f-4d3c-8a52-0c9d52a14f3f', host: 'machine' },
  rollbacks: 0,
  latest: checkpoint,
  previous: [{ ...checkpoint, step: 2, name: 'step-00000002.safetensors' }],
  files: { 'config.json': [{ from: 0, bytes: 10, sha256: hash }], 'events.jsonl': [] },
  weights: null,
};

/** `latest.json` of a store. */
export const manifest = (): Target => ({
  name: 'latest.json',
  inputs: [Buffer.from(JSON.stringify(MANIFEST))],
  edits: [editJsonText],
  read: async (bytes) => {
    const read = (): ReturnType<ObjectStore['read']> => Promise.resolve({ bytes, etag: '"1"' });
    return (await findManifest({ name: 's3://bucket/run', read } as unknown as ObjectStore)) !== null;
  },
});

/** A line of another machine's log, and the address of a store. */
export const shortTexts = (): Target => ({
  name: 'log lines and addresses',
  inputs: [
    Buffer.from(
      '{"level":"info","time":"2026-01-01T00:00:00.000Z","msg":"step","step":3,"nested":{"token":"x","list":[1]}}',
    ),
    Buffer.from('s3://bucket/prefix/a.b=c'),
  ],
  edits: [editJsonText, editText],
  read: (bytes) => {
    const text = Buffer.from(bytes).toString('utf8');
    if (text.startsWith('s3:')) {
      parseStoreAddress(text);
      return true;
    }
    const line = foreignLine(text, { worker: 'sancho' });
    messageOf(text);
    if (line === null) return false;
    if (/[\r\n]/.test(line)) throw new Error('a line that is more than one');
    if ((JSON.parse(line) as { worker?: unknown }).worker !== 'sancho')
      throw new Error('a line that says whose it is');
    return true;
  },
});
