// Goal: a message whose bytes are within the limit cannot take memory without one. Method: bytes as a stranger would send them,
// given to what gRPC decodes each message with; the decoder itself is protobufjs's.
import { fileURLToPath } from 'node:url';
import { loadSync } from '@grpc/proto-loader';
import { describe, expect, it } from 'vitest';
import { elementCheck, type TypeDescription } from './element-count.js';
import { WireError } from './errors.js';
import { ELEMENTS_MAX, LOSSES_MAX } from './limits.js';
import { runsService, trainingService } from './proto.js';

const { Work } = trainingService;
const { Show, Losses } = runsService;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push((value & 0x7f) | 0x80);
  return Buffer.from([...bytes, value]);
}

function field(number: number, body: Uint8Array, type = 2): Buffer {
  return Buffer.concat([varint(number * 8 + type), ...(type === 2 ? [varint(body.length)] : []), body]);
}

/** A field without contents, so many times. */
function times(count: number, one: Uint8Array): Buffer {
  return Buffer.alloc(count * one.length, one);
}

const empty = new Uint8Array();

/** Numbers of WorkerMessage's fields. */
const [HELLO, REPORT, EVALUATION, SAMPLE_RESULT, LOG_LINES] = [1, 3, 4, 5, 9];
const RESULTS = 2;

function codeOf(bytes: Buffer, decode: (bytes: Buffer) => unknown = Work.requestDeserialize): string | null {
  try {
    decode(bytes);
    return null;
  } catch (error) {
    if (error instanceof WireError) return error.code;
    throw error;
  }
}

describe('a message of a worker', () => {
  it('is decoded with as many results as a step can have', () => {
    const result = { microBatch: 1023, lossSum: 2.5, norm: 0.5, finite: true, checksum: 0xffffffff, hash: 7 };
    const report = {
      assignment: 2 ** 40,
      results: Array(1024).fill(result) as (typeof result)[],
      magnitudes: Buffer.alloc(1 << 20),
      fits: true,
      computeSeconds: 1.5,
    };
    const { results, magnitudes } = Work.requestDeserialize(Work.requestSerialize({ report })).report!;
    expect(results).toEqual(report.results);
    expect(magnitudes).toHaveLength(report.magnitudes.length);
  });

  it('is refused before two million results of two bytes become objects', () => {
    const report = field(REPORT, times(2_000_000, field(RESULTS, empty)));
    expect(codeOf(report)).toBe('MESSAGE_TOO_LARGE');
    expect(() => Work.requestDeserialize(report)).toThrow(
      'WorkerMessage: expected at most 131072 elements of lists and messages in it, received more',
    );
  });

  it('may hold exactly the limit', () => {
    // The evaluation itself is one of them.
    const results = (count: number): Buffer => field(EVALUATION, times(count, field(RESULTS, empty)));
    expect(codeOf(results(ELEMENTS_MAX - 1))).toBeNull();
    expect(codeOf(results(ELEMENTS_MAX))).toBe('MESSAGE_TOO_LARGE');
  });

  it.each([
    ['packed numbers', field(SAMPLE_RESULT, field(2, new Uint8Array(ELEMENTS_MAX)))],
    ['single numbers', field(SAMPLE_RESULT, times(ELEMENTS_MAX, field(2, Uint8Array.of(5), 0)))],
    ['empty texts', field(LOG_LINES, times(ELEMENTS_MAX, field(1, empty)))],
    ['one report after another', times(ELEMENTS_MAX + 1, field(REPORT, empty))],
    ['texts two messages down', field(HELLO, field(4, times(ELEMENTS_MAX, field(4, empty))))],
    // A decoder goes by what it knows of the field.
    ['results under another type', field(REPORT, times(ELEMENTS_MAX, field(RESULTS, Uint8Array.of(0), 0)))],
  ])('is refused for too many: %s', (_, bytes) => {
    expect(codeOf(bytes)).toBe('MESSAGE_TOO_LARGE');
  });

  it.each([
    ['a length beyond the end', '1a05', 'MALFORMED'],
    ['a message that ends behind the one around it', '1a021205', 'MALFORMED'],
    ['a field that does not end', '1a020880', 'MALFORMED'],
    ['a tag of six bytes', '9a8080808000', 'MALFORMED'],
    ['a length of six bytes', '1a808080808000', 'MALFORMED'],
    ['a number of eleven bytes', '1a0c088080808080808080808000', 'MALFORMED'],
    ['a group', 'fb01fc01', 'MALFORMED'],
    ['a type that there is not', 'fe01', 'MALFORMED'],
  ])('is refused for %s', (_, hex, code) => {
    expect(codeOf(Buffer.from(hex, 'hex'))).toBe(code);
  });

  it('may have fields of a later release', () => {
    const further = ['f80105', 'f9010102030405060708', 'fa0103616263', 'fd0101020304'].join('');
    expect(Work.requestDeserialize(Buffer.from(`${further}12020805`, 'hex')).credit).toEqual({ ranges: 5 });
  });
});

describe('an answer to an operator', () => {
  it('is decoded with as many losses as a message has', () => {
    const losses = Array<number>(LOSSES_MAX).fill(1.5);
    const bytes = Losses.responseSerialize({ firstStep: 1, losses });
    expect(Losses.responseDeserialize(bytes).losses).toHaveLength(LOSSES_MAX);
  });

  it('is refused for too many numbers, tags or points', () => {
    const losses = field(2, new Uint8Array(8 * (ELEMENTS_MAX + 1)));
    expect(codeOf(losses, Losses.responseDeserialize)).toBe('MESSAGE_TOO_LARGE');
    const tags = field(1, times(ELEMENTS_MAX, field(3, empty)));
    expect(codeOf(tags, Show.responseDeserialize)).toBe('MESSAGE_TOO_LARGE');
    const history = times(ELEMENTS_MAX + 1, field(7, empty));
    expect(codeOf(history, Show.responseDeserialize)).toBe('MESSAGE_TOO_LARGE');
  });
});

it('looks at no message that its bytes bound: vectors and contents go by as they are', () => {
  const protos = ['training.proto', 'runs.proto'].map((file) =>
    fileURLToPath(new URL(`../../../protos/rocinante/training/v1/${file}`, import.meta.url)),
  );
  const described = Object.values(loadSync(protos)).flatMap(({ type }) =>
    type ? [type as TypeDescription] : [],
  );
  const types = new Map(described.map((type) => [type.name, type]));
  const plain = ['ContributionRange', 'ParametersRange', 'CorpusChunk', 'PushChunk', 'WeightsChunk'];
  expect(plain.map((name) => elementCheck(name, types))).toEqual(plain.map(() => null));
  expect(elementCheck('WorkerMessage', types)).not.toBeNull();
});
