import { describe, expect, it } from 'vitest';
import { isHost, parseAltNames } from './alt-names.js';

describe('parseAltNames', () => {
  it('gives hosts and addresses in one spelling, each once', () => {
    expect(
      parseAltNames([
        'GPU1.lan',
        'gpu1.lan',
        '*.Workers.svc',
        '10.0.0.7',
        'FD00:0:0:0::7',
        'fd00::7',
        'my_host',
      ]),
    ).toEqual([
      { type: 'dns', value: 'gpu1.lan' },
      { type: 'dns', value: '*.workers.svc' },
      { type: 'ip', value: '10.0.0.7' },
      { type: 'ip', value: 'fd00::7' },
      { type: 'dns', value: 'my_host' },
    ]);
  });

  it.each([
    ['gpu1:7070', /without a port/],
    ['[::1]:7070', /without brackets and port/],
    ['https://gpu1', /without a protocol/],
    ['10.0.0.300', /received something else/],
    ['', /expected a host/],
    ['a b', /expected a host/],
    ['-a', /expected a host/],
    ['a-', /expected a host/],
    ['a..b', /expected a host/],
    ['.a', /expected a host/],
    ['a/b', /expected a host/],
    ['*', /expected a host/],
    ['*.org', /expected a host/],
    ['a.*.org', /expected a host/],
    ['señor', /expected a host/],
    ['fe80::1%eth0', /expected a host/],
    ['a\0.org', /expected a host/],
    [`${'a'.repeat(64)}.org`, /expected a host/],
    ['a.'.repeat(127) + 'org', /expected a host/],
  ])('refuses %j', (name, message) => {
    expect(isHost(name)).toBe(false);
    expect(() => parseAltNames(['fine.org', name])).toThrow(message);
  });

  it('has a limit', () => {
    const names = Array.from({ length: 101 }, (_, index) => `h${index}.lan`);
    expect(parseAltNames(names.slice(1))).toHaveLength(100);
    expect(() => parseAltNames(names)).toThrow(/expected at most 100, received 101/);
  });
});
