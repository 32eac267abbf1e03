import { expect, it } from 'vitest';
import { probeFindings } from './engine-check.js';
import { ENGINE_MARK } from './engine-mark.js';

const none = { driver: null, models: [] };
const description = { tensorflowVersion: '2.21.0', device: 'cpu', processor: 'Zen 4', features: ['avx2'] };
const said = (values: readonly number[], device = 'cpu'): string =>
  `TensorFlow says something\n${ENGINE_MARK}${JSON.stringify({ ...description, device, values })}\n`;
const product = [7, 10, 15, 22];

it('is well where the product is right', () => {
  const findings = probeFindings({ code: 0, signal: null, stdout: said(product), stderr: '' }, none);
  expect(findings.map(({ status }) => status)).toEqual(['ok', 'ok']);
  expect(findings[0].found).toContain('TensorFlow 2.21.0 on cpu');
  const lstmPath = "plain: the processor's";
  const stdout = said(product).replace('{', `{"lstmPath":"${lstmPath}",`);
  expect(probeFindings({ code: 0, signal: null, stdout, stderr: '' }, none).slice(2)).toMatchObject([
    { check: 'LSTM path', status: 'ok', found: lstmPath },
  ]);
});

it('is a problem where it crashes, cannot be loaded, or computes wrong', () => {
  const crash = probeFindings({ code: null, signal: 'SIGILL', stdout: '', stderr: '' }, none);
  expect(crash).toMatchObject([{ status: 'problem', found: 'it was ended by SIGILL' }]);
  const stderr = 'file:///x\nEngineLoadError: TensorFlow’s engine: it does not load\n    at x\n\nNode.js v22';
  const unloaded = probeFindings({ code: 1, signal: null, stdout: '', stderr }, none);
  expect(unloaded[0].found).toContain('ended with 1: EngineLoadError: TensorFlow’s engine');
  const wrong = probeFindings({ code: 0, signal: null, stdout: said([7, 10, 15, 23]), stderr: '' }, none);
  expect(wrong).toMatchObject([{ status: 'problem' }]);
});

it('warns of cards that are not used', () => {
  const cards = { driver: '550.1', models: ['H200'] };
  const end = { code: 0, signal: null, stderr: '' };
  const statusOf = (device: string, seen: typeof cards | typeof none): string =>
    probeFindings({ ...end, stdout: said(product, device) }, seen)[1].status;
  expect(statusOf('cpu', cards)).toBe('warning');
  expect(statusOf('cpu', { driver: '550.1', models: [] })).toBe('warning');
  expect(statusOf('gpu', cards)).toBe('ok');
});
