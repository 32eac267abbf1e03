import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { probeFindings, runProbe, type EngineMachine } from './engine-check.js';
import { ENGINE_MARK } from './engine-mark.js';

const h200 = { index: 0, uuid: 'GPU-1', name: 'NVIDIA H200', capability: '9.0' };
const processors = { folder: '/engine', forCards: false, cuda: null, cudnn: null, missing: [] };
const cuda = { ...processors, forCards: true, cuda: '12.9.79', cudnn: '9.28.0.42' };
const none = { nvidia: { driver: null, cards: [], trouble: null }, libraries: processors, environment: {} };

const description = {
  tensorflowVersion: '2.21.0',
  device: 'cpu',
  model: 'Zen 4',
  features: ['avx2'],
  multipliesBfloat16: false,
};
const said = (values: readonly number[], more: object = {}): string =>
  `TensorFlow says something\n${ENGINE_MARK}${JSON.stringify({ ...description, values, ...more })}\n`;
const product = [7, 10, 15, 22];
const end = { code: 0, signal: null, stderr: '' };

it('is well where the product is right', () => {
  const findings = probeFindings({ ...end, stdout: said(product) }, none);
  expect(findings.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok']);
  expect(findings[0].found).toContain('TensorFlow 2.21.0 on cpu, Zen 4 (avx2)');
});

it('is a problem where it crashes, cannot be loaded, or computes wrong', () => {
  const crash = probeFindings({ code: null, signal: 'SIGILL', stdout: '', stderr: '' }, none);
  expect(crash).toMatchObject([{ status: 'problem', found: 'it was ended by SIGILL' }]);
  const stderr = 'file:///x\nEngineLoadError: TensorFlow’s engine: it does not load\n    at x\n\nNode.js v22';
  const unloaded = probeFindings({ code: 1, signal: null, stdout: '', stderr }, none);
  expect(unloaded[0].found).toContain('ended with 1: EngineLoadError: TensorFlow’s engine');
  const wrong = probeFindings({ ...end, stdout: said([7, 10, 15, 23]) }, none);
  expect(wrong).toMatchObject([{ status: 'problem' }]);
});

it('says of one that does not answer in time that it is late, and not that its files are wrong', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'engine-check-'));
  try {
    const program = join(folder, 'probe.mjs');
    writeFileSync(program, `process.stderr.write('loading\\n', () => setInterval(() => undefined, 1000));`);
    const late = await runProbe(process.env, 3_000, program);
    expect(late).toMatchObject({ signal: 'SIGKILL', timeoutMs: 3_000 });
    const [finding] = probeFindings({ ...late, stderr: 'loading' }, none);
    expect(finding).toMatchObject({
      status: 'problem',
      found: 'it did not answer within 3 s: loading',
      advice: expect.stringMatching(/^run it again: a first load/) as string,
    });
    expect(finding.advice).not.toContain('remove');
    writeFileSync(program, `process.exit(3);`);
    expect(await runProbe(process.env, 60_000, program)).toEqual({ ...end, code: 3, stdout: '' });
    // What it said before it hung counts.
    expect(probeFindings({ ...late, stdout: said(product) }, none)[0]).toMatchObject({ status: 'warning' });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('shows driver, cards and libraries, and which way a layer is computed', () => {
  const machine = { ...none, nvidia: { driver: '570.26', cards: [h200], trouble: null }, libraries: cuda };
  const lstmPath = 'cudnn: it agrees with the plain one';
  const stdout = said(product, { device: 'gpu', model: 'NVIDIA H200', lstmPath });
  expect(probeFindings({ ...end, stdout }, machine).slice(1)).toMatchObject([
    {
      status: 'ok',
      found:
        'driver 570.26; card 0 NVIDIA H200 (compute capability 9.0); CUDA 12.9.79, cuDNN 9.28.0.42; the engine uses the gpu',
    },
    { check: 'LSTM path', status: 'ok', found: lstmPath },
    {
      check: '--precision mixed',
      status: 'ok',
      found: expect.stringMatching(/^NVIDIA H200 has no bfloat16 products .*: usually slower than/) as string,
    },
  ]);
});

it('warns of a path that was passed over, and tells why where none can be taken', () => {
  const finding = (more: object): object =>
    probeFindings({ ...end, stdout: said(product, { device: 'gpu', ...more }) }, none).find(
      ({ check }) => check === 'LSTM path',
    )!;
  const lstmPath = 'fused: it agrees with plain to 2.8e-7';
  const lstmNotice = 'LSTM path fused is used, and not cudnn: TensorFlow op CudnnRNNV3: Failed to call';
  expect(finding({ lstmPath, lstmNotice: null })).toMatchObject({ status: 'ok', found: lstmPath });
  expect(finding({ lstmPath, lstmNotice })).toMatchObject({ status: 'warning', found: lstmNotice });
  expect(finding({ lstmPath, lstmNotice })).toMatchObject({
    advice: expect.stringMatching(/`support`$/) as string,
  });
  const old = { ...h200, index: 0, name: 'Tesla V100', capability: '7.0' };
  const cards = (...all: (typeof h200)[]): EngineMachine => ({
    ...none,
    nvidia: { driver: '570.26', cards: all, trouble: null },
  });
  const advice = (machine: EngineMachine): string | null | undefined =>
    probeFindings({ ...end, stdout: said(product, { device: 'gpu', lstmPath, lstmNotice }) }, machine).find(
      ({ check }) => check === 'LSTM path',
    )?.advice;
  expect(advice(cards(old))).toBe('it works: cuDNN has no kernels for this card, and is done without');
  expect(advice(cards(h200, { ...old, index: 1 }))).toMatch(/`support`$/);
  const lstmFault = 'LSTM path plain, with which the others are compared: expected that it computes';
  expect(finding({ lstmFault })).toMatchObject({ status: 'problem', found: lstmFault });
});

it('tells why no path can be taken, in the real process: on a card that does not compute ordinary ops', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'engine-check-'));
  try {
    const engine = new URL('../../../../libs/engine/dist/index.js', import.meta.url).href;
    const patch = join(folder, 'card.mjs');
    writeFileSync(
      patch,
      `import { Engine } from '${engine}';
      const load = Engine.load.bind(Engine);
      Engine.load = (options) => {
        const made = load(options);
        const execute = made.execute.bind(made);
        Object.defineProperty(made, 'description', { value: { ...made.description, device: 'gpu' } });
        made.execute = (operation, ...given) =>
          execute(['LSTMBlockCell', 'Sigmoid'].includes(operation) ? 'NoOp9' : operation, ...given);
        return made;
      };`,
    );
    const answer = await runProbe({ ...process.env, NODE_OPTIONS: `--import ${patch}` }, 60_000);
    const finding = probeFindings(answer, none).find(({ check }) => check === 'LSTM path');
    expect(finding).toMatchObject({
      status: 'problem',
      found: expect.stringMatching(
        /^LSTM path plain, with which the others are compared: .* received TensorFlow op NoOp9: .*; without the card: --device cpu$/,
      ) as string,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 120_000);

it('says whether bfloat16 products have instructions', () => {
  const found = probeFindings({ ...end, stdout: said(product, { multipliesBfloat16: true }) }, none);
  expect(found.at(-1)).toMatchObject({ check: '--precision mixed', found: 'by bfloat16 instructions' });
  const fast = { device: 'gpu', multipliesBfloat16: true };
  expect(probeFindings({ ...end, stdout: said(product, fast) }, none).at(-1)?.found).toMatch(
    /^on a card LSTM layers are then computed op by op, which is usually slower than --precision float32/,
  );
  const card = { device: 'gpu', multipliesBfloat16: null };
  expect(probeFindings({ ...end, stdout: said(product, card) }, none).at(-1)).toMatchObject({
    status: 'warning',
    found: 'refused: the compute capability of the card is unknown',
    advice: 'put nvidia-smi in PATH; where it does not say it either, use float32',
  });
});

it('warns of cards that are not used, and says why; and of cards that TensorFlow has no kernels for', () => {
  const finding = (
    device: string,
    capability: string,
    libraries: EngineMachine['libraries'] = cuda,
  ): object =>
    probeFindings(
      { ...end, stdout: said(product, { device }) },
      { ...none, nvidia: { driver: '570.26', cards: [{ ...h200, capability }], trouble: null }, libraries },
    )[1];
  expect(finding('gpu', '9.0')).toMatchObject({ status: 'ok' });
  const notice = 'CUDA libraries: expected those in /engine, and the system loaded /usr/lib/libcudnn.so.9';
  const nvidia = { driver: '570.26', cards: [h200], trouble: null };
  const stdout = said(product, { device: 'gpu', notice });
  expect(probeFindings({ ...end, stdout }, { ...none, nvidia, libraries: cuda })[1]).toMatchObject({
    status: 'warning',
    advice: notice,
  });
  const warnings = [
    [finding('cpu', '9.0', processors), /^the engine in \/engine is the processor's; /],
    [
      finding('cpu', '9.0', { ...cuda, missing: ['libcudnn.so.9'] }),
      /^CUDA library not found: expected libcudnn/,
    ],
    [finding('cpu', '5.2'), /^card too old: expected compute capability 6\.0 or more, found card 0/],
    [finding('cpu', '9.0'), /^TensorFlow takes no card, though/],
    [finding('gpu', '12.0'), /^card 0 \(NVIDIA H200, compute capability 12\.0\): TensorFlow's kernels/],
  ] as const;
  for (const [found, advice] of warnings) {
    expect(found).toMatchObject({ status: 'warning', advice: expect.stringMatching(advice) as string });
  }
});
