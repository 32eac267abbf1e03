import { RocinanteError } from '@rocinante/base';
import { networkLayout } from '@rocinante/model';
import {
  decodeRange,
  encodeContributionRange,
  encodeParametersRange,
  rangeElements,
  limits,
  runsService,
  trainingService,
  type RangePayload,
} from '@rocinante/wire';
import { splice, type Edit } from '../byte-edits.js';
import type { Target } from '../target.js';
import { editFields } from '../wire-edits.js';

const layout = networkLayout({
  input: 'scaled',
  layers: [{ units: 8, dropout: 0 }],
  loss: 'last',
  recurrentActivation: 'sigmoid',
  vocabularySize: 3,
});

/** Each message that travels alone, by `/package.Service/Method` and its direction. */
const MESSAGES = [trainingService, runsService].flatMap((service) =>
  Object.values(service).flatMap(({ path, requestDeserialize, responseDeserialize }) => [
    { name: `${path} request`, decode: requestDeserialize as (bytes: Buffer) => unknown },
    { name: `${path} response`, decode: responseDeserialize as (bytes: Buffer) => unknown },
  ]),
);

const PACKAGE = '/rocinante.training.v1.';

function numberOf(name: string): number {
  const number = MESSAGES.findIndex((message) => message.name === `${PACKAGE}${name}`);
  if (number === -1) throw new Error(`the protos have no ${name}`);
  return number;
}

const CONTRIBUTION = numberOf('Training/Contribute request');
const PARAMETERS = numberOf('Training/Parameters response');

/** An input: the message's number, and its bytes. */
function input(number: number, bytes: Uint8Array): Uint8Array {
  return splice(bytes, 0, 0, Uint8Array.of(number));
}

const { Work } = trainingService;
const { Start, Show, List } = runsService;
const vector = new Float32Array(layout.length).fill(0.5);

/** Messages with most of their fields; those that are not here begin empty and get fields by edits. */
const SAMPLES: readonly Uint8Array[] = [
  input(CONTRIBUTION, encodeContributionRange('session', 3, new Int32Array(layout.length), layout.ranges[0])),
  input(PARAMETERS, encodeParametersRange(3, vector, layout.ranges[0])),
  ...[
    {
      hello: {
        protocolMin: 1,
        protocolMax: 1,
        name: 'sancho',
        threads: 2,
        pool: 'default',
        engine: { tensorflow: '2.21.0', device: 'cpu', model: 'a processor', features: ['avx2'] },
      },
    },
    {
      report: {
        assignment: 3,
        results: [{ microBatch: 1, lossSum: 2.5, norm: 0.5, finite: true, hash: 7 }],
        magnitudes: Buffer.alloc(8),
        fits: true,
        computeSeconds: 0.5,
      },
    },
    { logLines: { json: ['{"level":"info","time":"2026-01-01T00:00:00Z","msg":"up"}'], activation: 1 } },
    { metrics: { text: 'rocinante_worker_steps_total 3\n' } },
  ].map((message) => input(numberOf('Training/Work request'), Work.requestSerialize(message))),
  ...[
    {
      startRun: {
        run: 'r1',
        configJson: '{}',
        corpus: { sha256: 'ab', length: 3, idBytes: 1, vocabularySize: 3 },
      },
    },
    {
      assign: {
        assignment: 3,
        kind: 'WORK_KIND_TRAIN' as const,
        step: 3,
        microBatches: [0, 1, 2],
        gridExponents: Buffer.alloc(4),
      },
    },
  ].map((message) => input(numberOf('Training/Work response'), Work.responseSerialize(message))),
  input(
    numberOf('Runs/Start request'),
    Start.requestSerialize({
      name: 'run',
      tags: ['a', 'b'],
      note: 'of a test',
      priority: -3,
      configJson: '{"seed":1}',
      corpusSha256: 'ab'.repeat(32),
      limits: { minWorkers: 2, maxHours: 1.5, exact: 'auto' },
    }),
  ),
  input(
    numberOf('Runs/Show response'),
    Show.responseSerialize({
      summary: { id: 'r1', state: 'RUN_STATE_DONE', step: 3, loss: 2.5, tags: ['a'] },
      configJson: '{}',
    }),
  ),
  input(
    numberOf('Runs/List response'),
    List.responseSerialize({ runs: [{ id: 'r1' }, { id: 'r2', loss: 1.5 }] }),
  ),
];

/** Edits fields of the message, and now and then says that it is another one. */
const editMessage: Edit = (bytes, draw) => {
  const number = draw.chance(0.05) ? draw.below(MESSAGES.length) : (bytes[0] ?? 0);
  return input(number, editFields(bytes.subarray(1), draw));
};

/** A range with a checksum that is true, whatever its number and length are. */
const soundRange: Edit = (_, draw) => {
  const elements = draw.of([0, 1, layout.length, layout.length + 1, draw.below(100)]);
  const range = { ...layout.ranges[0], index: draw.of([0, 0, 1, 0xffffffff]), end: elements };
  const bits = new Uint8Array(4 * elements);
  bits.set(draw.bytes(bits.length));
  return draw.chance(0.5)
    ? input(CONTRIBUTION, encodeContributionRange('s', 3, new Int32Array(bits.buffer), range))
    : input(PARAMETERS, encodeParametersRange(3, new Float32Array(bits.buffer), range));
};

/** Of all lists in a decoded message. */
function elementsIn(value: unknown): number {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return 0;
  const own = Array.isArray(value) ? value.length : 0;
  return Object.values(value).reduce<number>((sum, inner) => sum + elementsIn(inner), own);
}

/** Every message of the protos as gRPC reads it, and then our own checks of what the two long ones carry. */
export const messages = (): Target => ({
  name: 'messages',
  inputs: [...SAMPLES, ...MESSAGES.map((_, number) => input(number, new Uint8Array()))],
  edits: [editMessage, editMessage, editMessage, soundRange],
  read: (bytes) => {
    const number = (bytes[0] ?? 0) % MESSAGES.length;
    let message: unknown;
    try {
      message = MESSAGES[number].decode(Buffer.from(bytes.subarray(1)));
    } catch (error) {
      // gRPC answers what its decoder refuses with a status; what we refuse before it is a line.
      if (error instanceof RocinanteError) throw error;
      if (error instanceof Error) return false;
      throw error;
    }
    if (elementsIn(message) > limits.ELEMENTS_MAX) throw new Error('more elements than a message may have');
    if (number === CONTRIBUTION) {
      const payload = message as { range: number } & RangePayload;
      rangeElements(payload, layout, new Int32Array(layout.length));
      decodeRange(payload, layout, new Int32Array(layout.length));
    }
    if (number === PARAMETERS)
      decodeRange(message as { range: number } & RangePayload, layout, vector.slice());
    return true;
  },
});
