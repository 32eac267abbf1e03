/**
 * Goal: a run whose workers sum on the device ends with the weights of one whose workers sum in the host's memory. Method: real
 * processes; a copy of what was built whose workers take the way of a card, though they compute on a processor, where nobody
 * can ask for that. A short last step, a clipped norm, micro-batches computed twice.
 */
import { afterAll, expect, it } from 'vitest';
import { PROTOCOL_VERSION } from '@rocinante/wire';
import { otherRelease, sumOnDevice } from '../support/other-release.js';
import { Rocinante, Workspace, type Summary } from '../support/rocinante.js';
import { smallConfig, smallText } from '../support/small-run.js';

const workspace = new Workspace();
afterAll(() => workspace.remove());

it(
  'gives the same weights and losses, where micro-batches are computed twice too',
  { timeout: 180_000 },
  async () => {
    const onDevice = otherRelease(workspace.in('on-device'), PROTOCOL_VERSION + 1);
    sumOnDevice(workspace.in('on-device'));
    const corpus = workspace.write('corpus.txt', smallText(8_000));
    const config = workspace.write('config.json', { ...smallConfig, optimizer: { clipNorm: 1 } });
    const shape = [
      '--batch',
      '48',
      '--micro-batch',
      '16',
      '--epochs',
      '2',
      '--workers',
      '2',
      '--threads',
      '1',
    ];
    const runs: Summary[] = [];
    for (const [name, launcher] of [
      ['host', undefined],
      ['device', onDevice],
    ] as const) {
      const { code, stdout, stderr } = await new Rocinante(
        [
          ...['train', '--json', '--corpus', corpus, '--config', config, ...shape],
          ...['--audit', '0.3', '--run-dir', workspace.in(name)],
        ],
        {},
        [],
        launcher,
      ).finished;
      expect(code, stderr).toBe(0);
      expect(stderr).not.toMatch(/computed is not what|unsettled|set aside/);
      runs.push(JSON.parse(stdout.trim().split('\n').at(-1)!) as Summary);
    }
    const [host, device] = runs;
    expect(host.steps % 2).toBe(0);
    expect(device.weightsSha256).toBe(host.weightsSha256);
    expect([device.loss, device.validationLoss]).toEqual([host.loss, host.validationLoss]);
  },
);
