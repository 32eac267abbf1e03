import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RandomStream } from '@rocinante/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from './engine.js';
import { EngineMemoryError, EngineOperationError } from './errors.js';
import type { Graph } from './graph.js';
import {
  add,
  addAll,
  concatenate,
  matMul,
  oneHot,
  reshape,
  sliceColumns,
  splitColumns,
  sumFirst,
  toBfloat16,
  toFloat,
  transpose,
  zeros,
} from './ops.js';
import type { Tensor } from './tensor.js';

const engine = Engine.load();
const random = new RandomStream(1, 'simulation');
const matrix = (rows: number, columns: number): Tensor =>
  engine.float32(
    Float32Array.from({ length: rows * columns }, () => random.uniform() - 0.5),
    [rows, columns],
  );
const read = (tensors: readonly Tensor[]): Float32Array[] => tensors.map((t) => engine.readFloat32(t));

/** A folder for temporary files of this process alone. */
const own = mkdtempSync(join(tmpdir(), 'graph-spec-'));
const { TMPDIR } = process.env;
beforeAll(() => void (process.env.TMPDIR = own));
afterAll(() => {
  if (TMPDIR === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = TMPDIR;
  rmSync(own, { recursive: true });
});

/** A graph of a work, for a test that frees it. */
function withGraph(
  inputs: readonly Tensor[],
  work: () => Tensor[],
  test: (graph: Graph, outputs: readonly Tensor[]) => void,
): void {
  const { outputs, recording } = engine.record(inputs, 1_000, work);
  const graph = engine.createGraph(recording!);
  try {
    test(graph, outputs);
  } finally {
    engine.freeGraph(graph);
  }
}

describe('a graph', () => {
  it('computes what the recorded ops compute, of other inputs, and leaves nothing behind', () => {
    const before = [engine.liveHandles, engine.liveGraphs];
    engine.scope(() => {
      const work = (a: Tensor, b: Tensor): Tensor[] => {
        const product = toFloat(
          engine,
          matMul(engine, toBfloat16(engine, a), toBfloat16(engine, b), { b: true }),
        );
        const [left, right] = splitColumns(engine, add(engine, product, zeros(engine, [8, 16])), 2);
        return [
          concatenate(engine, [left, right]),
          sumFirst(engine, right),
          transpose(engine, reshape(engine, a, [4, 64])),
        ];
      };
      const [a, b] = [matrix(8, 32), matrix(16, 32)];
      withGraph(
        [a, matrix(3, 3), b],
        () => work(a, b),
        (graph, outputs) => {
          expect(read(outputs)).toEqual(read(work(a, b)));
          for (let turn = 0; turn < 3; turn++) {
            const [c, d] = [matrix(8, 32), matrix(16, 32)];
            expect(read(engine.runGraph(graph, [c, matrix(3, 3), d]))).toEqual(read(work(c, d)));
          }
        },
      );
    });
    expect([engine.liveHandles, engine.liveGraphs]).toEqual(before);
    expect(readdirSync(own)).toEqual([]);
  });

  it.each([2, 3, 8, 9, 10, 17, 100])('adds %d tensors in the order of the op, by sums of two', (count) => {
    engine.scope(() => {
      const parts = Array.from({ length: count }, () => matrix(16, 16));
      const doubled = (): Tensor[] => parts.map((part) => add(engine, part, part));
      const { recording } = engine.record(parts, 1_000, () => [addAll(engine, doubled())]);
      const operations = recording!.nodes.map(({ operation }) => operation);
      // Of two the order is all one.
      const sums = count === 2 ? ['AddN'] : new Array<string>(count - 1).fill('AddV2');
      expect(operations).toEqual([...new Array<string>(count).fill('AddV2'), ...sums]);
      withGraph(
        parts,
        () => [addAll(engine, doubled())],
        (graph, outputs) => {
          for (let turn = 0; turn < 3; turn++)
            expect(read(engine.runGraph(graph, parts))).toEqual(read(outputs));
        },
      );
    });
  });

  it('takes constants of both types, whichever op makes something of them', () => {
    engine.scope(() => {
      const indices = engine.int32(Int32Array.of(2, 0), [2]);
      withGraph(
        [indices],
        () => [sliceColumns(engine, oneHot(engine, indices, 4), 1, 2)],
        (graph, outputs) => {
          expect(read(outputs)[0]).toEqual(Float32Array.of(0, 1, 0, 0));
          const others = engine.int32(Int32Array.of(1, 2), [2]);
          expect(read(engine.runGraph(graph, [others]))[0]).toEqual(Float32Array.of(1, 0, 0, 1));
        },
      );
    });
  });

  it.each([
    [
      [2 ** 30, 2 ** 14],
      EngineMemoryError,
      2,
      /^TensorFlow op graph has not the memory .*: OOM when allocating.*; use a smaller/,
    ],
    [[-1, 1], EngineOperationError, 1, /^TensorFlow op graph: [^{]*must/],
  ] as const)(
    'that fails says so in one line and leaves nothing behind: %j',
    (dims, kind, exitCode, line) => {
      const before = [engine.liveHandles, engine.liveGraphs];
      engine.scope(() => {
        const zero = engine.float32(new Float32Array(1), []);
        const shape = engine.int32(Int32Array.of(2, 2), [2]);
        withGraph(
          [shape, zero],
          () => engine.execute('Fill', [], [shape, zero], 1),
          (graph) => {
            let failure: unknown;
            try {
              engine.runGraph(graph, [engine.int32(Int32Array.of(...dims), [2]), zero]);
            } catch (error) {
              failure = error;
            }
            expect(failure).toBeInstanceOf(EngineOperationError);
            expect((failure as EngineOperationError).constructor).toBe(kind);
            expect(failure).toMatchObject({ exitCode, message: expect.stringMatching(line) as string });
          },
        );
      });
      expect([engine.liveHandles, engine.liveGraphs]).toEqual(before);
    },
  );

  it('takes no inputs of another shape, type or number', () => {
    engine.scope(() => {
      const a = matrix(2, 2);
      withGraph(
        [a],
        () => [add(engine, a, a)],
        (graph) => {
          expect(() => engine.runGraph(graph, [matrix(2, 3)])).toThrow(
            /input 0 of a graph is \[2,2\], not \[2,3\]/,
          );
          expect(() => engine.runGraph(graph, [toBfloat16(engine, a)])).toThrow(/input 0/);
          expect(() => engine.runGraph(graph, [])).toThrow(/a graph of 1 inputs, not 0/);
        },
      );
    });
  });
});

describe('a recording', () => {
  const recorded = (inputs: readonly Tensor[], work: () => Tensor[]): (() => unknown) => {
    return () => engine.record(inputs, 1_000, work);
  };

  it('takes no tensor that was not given, no value but a constant, and reads none', () => {
    const before = engine.liveHandles;
    engine.scope(() => {
      const [a, b] = [matrix(2, 2), matrix(2, 2)];
      expect(recorded([a], () => [add(engine, a, b)])).toThrow(/input 1 of AddV2 was neither given nor made/);
      expect(recorded([a], () => [add(engine, a, matrix(2, 2))])).toThrow(/values are constants, or inputs/);
      expect(recorded([a], () => (engine.readFloat32(a), [a]))).toThrow(/nothing is read/);
      expect(recorded([a], () => [b])).toThrow(/gives what an op of the recording made/);
      expect(recorded([a], () => engine.record([a], 9, () => [add(engine, a, a)]).outputs)).toThrow(
        /one recording/,
      );
      // None of it is left over.
      expect(read([add(engine, a, engine.constant(new Float32Array(4), [2, 2]))])).toEqual(read([a]));
    });
    expect(engine.liveHandles).toBe(before);
  });

  it('gives no graph where there are more ops than were allowed', () => {
    engine.scope(() => {
      const a = matrix(2, 2);
      const { outputs, recording } = engine.record([a], 2, () => [
        add(engine, add(engine, add(engine, a, a), a), a),
      ]);
      expect(recording).toBeNull();
      expect(read(outputs)[0]).toEqual(engine.readFloat32(a).map((value) => 4 * value));
    });
  });
});
