// Goal: who is admitted, who is parked, what is recorded, and what people are told of two kinds. Method: sessions as they
// describe themselves, without a network.
import { beforeEach, describe, expect, it } from 'vitest';
import type { EngineDescriptionMessage } from '@rocinante/wire';
import type { Session } from '../service/session.js';
import { NOT_PROVEN, type Exactness } from './exactness.js';
import { JoiningProof, type ExactMode } from './joining-proof.js';

const [A, B] = ['a'.repeat(64), 'b'.repeat(64)];
const zen: EngineDescriptionMessage = {
  tensorflow: '2.21.0',
  device: 'cpu',
  model: 'AMD EPYC 9254',
  features: ['avx2', 'avx512f', 'L2=1024K'],
};
const haswell = { ...zen, model: 'Xeon E5', features: ['avx2', 'L2=256K'] };

let told: string[];
let step: number;
beforeEach(() => {
  told = [];
  step = 0;
});

const worker = (name: string, engine: EngineDescriptionMessage | null = zen): Session =>
  ({ name, engine }) as Session;

function joining(mode: ExactMode = 'auto', exactness: Exactness = NOT_PROVEN): JoiningProof {
  return new JoiningProof({
    mode,
    exactness,
    step: () => step,
    observer: {
      proofSet: ({ name }, proof) => told.push(`${name} set ${proof[0]}`),
      workerParked: (_session, _proof, message) => told.push(message),
      admittedInexact: (_session, _proof, message) => told.push(message),
      workerRefused: ({ name }, reason) => told.push(`${name} refused: ${reason}`),
      idleLeft: ({ name }) => told.push(`${name} left`),
    },
  });
}

describe('the joining proof', () => {
  it('is set by the first worker, and admits who gives the same, whatever it says of itself', () => {
    const proof = joining();
    expect(proof.judge(worker('a'), A)).toBeNull();
    expect(proof.judge(worker('b', haswell), A)).toBeNull();
    expect(proof.judge(worker('c', null), A)).toBeNull();
    expect(told).toEqual(['a set a']);
    expect(proof.exactness).toEqual({ proof: A, setBy: { worker: 'a', engine: zen }, notExactSince: null });
  });

  it('parks who differs, in one line with both kinds and the option, and stays what it was', () => {
    const proof = joining();
    proof.judge(worker('a'), A);
    const reason = proof.judge(worker('b', haswell), B);
    expect(reason).toBe(
      'its joining proof is another than that of a, which the run began with: ' +
        'b is TensorFlow 2.21.0, cpu, Xeon E5, avx2 L2=256K; ' +
        'a is TensorFlow 2.21.0, cpu, AMD EPYC 9254, avx2 avx512f L2=1024K; ' +
        'they differ: model, only b has L2=256K, only a has avx512f L2=1024K; ' +
        'it gets no work, since the run is to be exact: --exact off admits it',
    );
    expect(told).toEqual(['a set a', `worker b is parked: ${reason}`]);
    expect(proof.exactness).toMatchObject({ proof: A, notExactSince: null });
    expect(proof.judge(worker('c'), A)).toBeNull();
  });

  it.each([
    ['say the same of themselves', zen, /; they say the same of themselves, so a setting of their engines/],
    ['say nothing', null, /: b is of an unknown kind; .*; in what they differ is not known; /],
    ['have another device', { ...zen, device: 'gpu', features: [] }, /they differ: device, only a has avx2/],
  ])('parks also those that %s', (_what, engine, line) => {
    const proof = joining();
    proof.judge(worker('a'), A);
    expect(proof.judge(worker('b', engine), B)).toMatch(line);
  });

  it('tells cards apart by model, and by the versions that choose their kernels', () => {
    const card = (model: string, ...features: string[]): EngineDescriptionMessage => ({
      ...zen,
      device: 'gpu',
      model,
      features: ['compute-capability=9.0', ...features],
    });
    const proof = joining();
    proof.judge(worker('a', card('NVIDIA H200', 'cudnn=9.28.0.42')), A);
    const reason = proof.judge(worker('b', card('NVIDIA H100', 'cudnn=9.10.2.21', 'tf32')), B);
    expect(reason).toContain(
      'b is TensorFlow 2.21.0, gpu, NVIDIA H100, compute-capability=9.0 cudnn=9.10.2.21 tf32;',
    );
    expect(reason).toContain(
      'they differ: model, only b has cudnn=9.10.2.21 tf32, only a has cudnn=9.28.0.42; it gets no work',
    );
  });

  it('is never set by a worker that gives none, which is parked', () => {
    const proof = joining();
    expect(proof.judge(worker('old'), '')).toMatch(
      /^it gives no joining proof, as a release before this one/,
    );
    expect(proof.exactness).toEqual(NOT_PROVEN);
    expect(proof.judge(worker('a'), A)).toBeNull();
  });

  it('is the checkpoint’s after a resume, whoever comes first', () => {
    const proof = joining('auto', { proof: A, setBy: null, notExactSince: null });
    expect(proof.judge(worker('b'), B)).toMatch(/^its joining proof is another than the run's/);
    expect(proof.exactness.proof).toBe(A);
    expect(proof.judge(worker('a'), A)).toBeNull();
    expect(told).toHaveLength(1);
  });

  it('is of no consequence with --exact off, but the record says from where on', () => {
    const proof = joining('off');
    proof.judge(worker('a'), A);
    step = 12;
    expect(proof.judge(worker('b'), B)).toBeNull();
    expect(told.at(-1)).toMatch(
      /^worker b is admitted by --exact off: its joining .*; the run is not exact since step 12$/,
    );
    step = 20;
    expect(proof.judge(worker('c'), '')).toBeNull();
    expect(told.at(-1)).toMatch(/^worker c is admitted .* not exact since step 12$/);
    expect(proof.exactness).toMatchObject({ proof: A, notExactSince: 12 });
  });

  it('tells of who cannot work, and of who was given no work and left', () => {
    const proof = joining();
    proof.refused(worker('a'), 'MALFORMED: another release');
    proof.left(worker('a'));
    expect(told).toEqual(['a refused: MALFORMED: another release', 'a left']);
  });
});
