// Goal: what nvidia-smi answers is read, and what it does not tell is named. Method: answers in the form of
// `--format=csv,noheader,nounits`, with the words that it has for what it cannot say.
import { describe, expect, it } from 'vitest';
import {
  cardOfPart,
  fieldsWithout,
  parseTelemetry,
  TELEMETRY_FIELDS,
  telemetryQuery,
} from './card-telemetry.js';

const uuid = 'GPU-11111111-2222-3333-4444-555555555550';
const H200 = `0, ${uuid}, 00000000:18:00.0, NVIDIA H200, 97, 41022, 143771, 64, 402.12, 0x0000000000000000, 0`;
const parse = (text: string, fields = TELEMETRY_FIELDS) => parseTelemetry(text, fields);

describe('an answer of nvidia-smi', () => {
  it('has a reading for each card, in base units', () => {
    const other = H200.replace('0, GPU', '1, GPU')
      .replace('550,', '551,')
      .replace('0x0000000000000000', '0x0000000000000044');
    const { readings, wrongLines, untold } = parse(`${H200}\n${other}\n`);
    expect(readings[0]).toEqual({
      index: 0,
      uuid,
      busId: '00000000:18:00.0',
      model: 'NVIDIA H200',
      utilization: 0.97,
      memoryUsedBytes: 41022 * 2 ** 20,
      memoryTotalBytes: 143771 * 2 ** 20,
      temperatureCelsius: 64,
      powerWatts: 402.12,
      throttled: [],
      uncorrectedEccErrors: 0,
    });
    expect(readings[1]).toMatchObject({ index: 1, throttled: ['sw_power_cap', 'hw_thermal_slowdown'] });
    expect({ wrongLines, untold }).toEqual({ wrongLines: 0, untold: [] });
  });

  it('keeps apart what is idle or set from what slows a card down', () => {
    const { readings } = parse(H200.replace('0x0000000000000000', '0x0000000000000103'));
    expect(readings[0].throttled).toEqual([]);
  });

  it.each([
    '[N/A]',
    'N/A',
    '[Not Supported]',
    '[Unknown Error]',
    '[GPU requires reset]',
    'ERR!',
    '',
    '-1',
    '1e9',
    'nan',
  ])('has null where a field says %j, and names the field', (word) => {
    const { readings, untold } = parse(H200.replace('402.12', word));
    expect(readings[0]).toMatchObject({ powerWatts: null, temperatureCelsius: 64 });
    expect(untold).toEqual([`power.draw: ${word}`]);
  });

  it('has no reading where nothing can be told of a card but its name', () => {
    const mute = `0, ${uuid}, 00000000:18:00.0, NVIDIA A2${', [N/A]'.repeat(7)}`;
    const { readings, untold } = parse(mute);
    expect(readings[0]).toMatchObject({ utilization: null, throttled: null, uncorrectedEccErrors: null });
    expect(untold).toHaveLength(7);
  });

  it.each([
    ['a cut line', H200.slice(0, 60)],
    ['no line', ''],
    ['words', 'Unable to determine the device handle for GPU0000:18:00.0: Unknown Error'],
    ['another UUID', H200.replace(uuid, 'nobody')],
    ['another number', H200.replace('0, GPU', '[N/A], GPU')],
  ])('passes over %s', (_what, text) => {
    expect(parse(text)).toEqual({ readings: [], wrongLines: text === '' ? 0 : 1, untold: [] });
  });

  it('is read up to so many cards', () => {
    const { readings, wrongLines } = parse(`${H200}\n`.repeat(5000));
    expect([readings.length, wrongLines]).toEqual([64, 4936]);
  });

  it('shows little of a long word', () => {
    const { untold } = parse(H200.replace('402.12', 'x'.repeat(5000)));
    expect(untold[0].length).toBeLessThan(60);
  });
});

describe('a driver that does not know a field', () => {
  const refusal = (field: string): string => `Field "${field}" is not a valid field to query.\n\n`;

  it('is asked by the older name, and then without it', () => {
    const older = fieldsWithout(TELEMETRY_FIELDS, refusal('clocks_event_reasons.active'))!;
    expect(older).toContain('clocks_throttle_reasons.active');
    const { readings } = parse(H200.replace('0x0000000000000000', '0x0000000000000008'), older);
    expect(readings[0].throttled).toEqual(['hw_slowdown']);
    const without = fieldsWithout(older, refusal('clocks_throttle_reasons.active'))!;
    expect(without).toHaveLength(TELEMETRY_FIELDS.length - 1);
    expect(parse(H200.replace(' 0x0000000000000000,', ''), without)).toMatchObject({
      readings: [{ throttled: null, uncorrectedEccErrors: 0 }],
      untold: [],
    });
  });

  it.each([refusal('index'), refusal('fan.speed'), 'NVIDIA-SMI has failed'])(
    'is not, where it says %j',
    (said) => {
      expect(fieldsWithout(TELEMETRY_FIELDS, said)).toBeNull();
    },
  );
});

it('is asked of one card or of all', () => {
  expect(telemetryQuery(['index', 'uuid'], uuid)).toEqual([
    '-i',
    uuid,
    '--query-gpu=index,uuid',
    '--format=csv,noheader,nounits',
  ]);
  expect(telemetryQuery(['index'], null)[0]).toBe('--query-gpu=index');
});

it.each([
  ['MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f', 'GPU-1b'],
  ['MIG-c6d4f1ef', 'GPU-1b'],
  ['MIG-00000000-42e4-5de3-91c7-45d71c87eb3f', 'GPU-0a'],
  ['MIG-GPU-1b/1/0', 'GPU-1b'],
  ['MIG-77777777', null],
])('the card of part %s is found in what nvidia-smi -L says', (part, card) => {
  const list = [
    'GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-0a)',
    '  MIG 1g.5gb      Device  0: (UUID: MIG-00000000-42e4-5de3-91c7-45d71c87eb3f)',
    'GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-1b)',
    '  MIG 3g.20gb     Device  0: (UUID: MIG-aaaaaaaa-42e4-5de3-91c7-45d71c87eb3f)',
    '  MIG 1g.5gb      Device  1: (UUID: MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f)',
    '  MIG 1g.5gb      Device  2: (UUID: MIG-GPU-1b/1/0)',
  ];
  expect(cardOfPart(part, `${list.join('\n')}\n`)).toBe(card);
});
