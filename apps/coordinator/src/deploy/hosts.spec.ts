import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseHost, parseHosts, shortName } from './hosts.js';

const folder = mkdtempSync(join(tmpdir(), 'rocinante-hosts-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, 'hosts.txt');
  writeFileSync(path, text);
  return path;
}

describe('hosts', () => {
  it('stand with commas between', () => {
    expect(parseHosts('a, rocio@b.example.org:2222,c')).toEqual([
      { label: 'a', destination: 'a', port: null },
      { label: 'rocio@b.example.org:2222', destination: 'rocio@b.example.org', port: 2222 },
      { label: 'c', destination: 'c', port: null },
    ]);
  });

  it('stand in a file, one a line, with comments', () => {
    const hosts = parseHosts(file('# the lab\nrocio@a   # two cards\n\nb\n'));
    expect(hosts.map(({ label }) => label)).toEqual(['rocio@a', 'b']);
  });

  it.each(['-oProxyCommand=x', 'a b', 'a;b', 'a@-b', '$(a)', 'a:0', 'a:65536', 'a:b', '@a', 'a\nb', '[::1]'])(
    'are nothing that ssh or a shell could take for something else: %j',
    (label) => {
      expect(() => parseHost(label, 'hosts')).toThrow('expected host, user@host or user@host:port');
    },
  );

  it('are each there once, and at least one', () => {
    expect(() => parseHosts('a,b,a')).toThrow('expected each host once, received a twice');
    expect(() => parseHosts(file('# none\n'))).toThrow(/expected 1 to 1024 hosts, received 0/);
  });

  it('give their services a short name', () => {
    expect(shortName(parseHost('rocio@b.example.org:22', 'hosts'))).toBe('b.example.org');
  });
});
