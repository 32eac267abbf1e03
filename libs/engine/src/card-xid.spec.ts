import { expect, it } from 'vitest';
import { isSameCard, xidOf } from './card-xid.js';

it.each([
  ['[ 12.5] NVRM: Xid (PCI:0000:23:00): 79, GPU has fallen off the bus.', '0000:23:00', 79],
  [
    "[1] NVRM: Xid (PCI:0000:C1:00): 13, pid='<unknown>', name=<unknown>, Graphics Exception",
    '0000:C1:00',
    13,
  ],
  ['NVRM: Xid (PCI:00010000:18:00.0): 119, pid=77, name=python3, Timeout', '00010000:18:00', 119],
])('an Xid error is read of %j', (line, address, xid) => {
  expect(xidOf(line)).toEqual({ address, xid });
});

it.each([
  'NVRM: GPU 0000:01:00.0: GPU has fallen off the bus.',
  'NVRM: Xid (PCI:0000:23:00): none',
  'Xid (PCI:0000:23:00): 79',
  '',
])('%j is none', (line) => {
  expect(xidOf(line)).toBeNull();
});

it.each([
  ['0000:c1:00', '00000000:C1:00.0', true],
  ['0000:23:00', '00000000:24:00.0', false],
  ['00010000:18:00', '00010000:18:00.0', true],
  ['00010000:18:00', '00000000:18:00.0', false],
])('%s and %s are one card: %s', (address, other, same) => {
  expect(isSameCard(address, other)).toBe(same);
});
