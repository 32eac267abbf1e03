import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { folder, lastLine, type } from './spec-command.js';

const out = join(folder, 'a cluster');

/** Every secret that the folder holds, as it would be seen. */
function secrets(): string[] {
  const files = readdirSync(out).filter((name) => /\.(token|key)$/.test(name));
  return files.flatMap((name) =>
    readFileSync(join(out, name), 'utf8')
      .split('\n')
      .filter((line) => /^[\w+/=-]{40,}$/.test(line)),
  );
}

describe('certs', () => {
  let said: Awaited<ReturnType<typeof type>>;
  beforeAll(async () => {
    said = await type([
      'certs',
      '--out',
      out,
      '--name',
      'GPU1.lan,10.0.0.7',
      '--name',
      'fd00::7',
      '--worker',
      'gpu2.lan',
    ]);
  });

  it('says what it made and how to go on, and no secret', () => {
    expect(said).toMatchObject({ code: 0, stderr: '' });
    expect(said.stdout).toMatch(/made +.*a cluster\/ca.crt +20\d\d-\d\d-\d\d, 3,649 days/);
    expect(said.stdout).toMatch(
      /made .*coordinator.crt .*364 days +gpu1.lan, 10.0.0.7, fd00::7, localhost, 127.0.0.1, ::1\n/,
    );
    expect(said.stdout).toMatch(/made .*worker.crt .*gpu2.lan\n/);
    const tls = (who: string): string =>
      `--tls-ca '${out}/ca.crt' --tls-cert '${out}/${who}.crt' --tls-key '${out}/${who}.key'\n`;
    expect(said.stdout).toContain(
      `  ./rocinante serve --listen 0.0.0.0:7070 --http 0.0.0.0:7071 --token-file '${out}/tokens' ${tls('coordinator')}`,
    );
    expect(said.stdout).toContain(
      `  ./rocinante worker --coordinator gpu1.lan:7070 --token-file '${out}/worker.token' ${tls('worker')}`,
    );
    const all = secrets();
    expect(all.length).toBeGreaterThanOrEqual(7);
    for (const secret of all) expect(said.stdout).not.toContain(secret);
  });

  it('has all its options in its help, and what renewing is', async () => {
    const { code, stdout } = await type(['certs', '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /\nOptions of make:\n(.*\n)* +--name <hosts> +host names and addresses by which the/,
    );
    expect(stdout).toMatch(/--renew +make the certificates anew/);
    expect(stdout).toContain('\nRun again, it makes what is missing and overwrites nothing.');
  });

  it('keeps what is there, and says so to scripts', async () => {
    const again = await type(['certs', '--out', out, '--json']);
    expect(again.code).toBe(0);
    const { certificates, book, tokens } = lastLine(again) as Record<string, Record<string, unknown>[]>;
    expect(certificates.map(({ owner, fate }) => [owner, fate])).toEqual([
      ['authority', 'kept'],
      ['coordinator', 'kept'],
      ['worker', 'kept'],
      ['operator', 'kept'],
    ]);
    expect(certificates[1]).toMatchObject({
      cert: join(out, 'coordinator.crt'),
      notAfter: expect.stringMatching(/^20.*Z$/) as string,
    });
    expect(book).toEqual({ path: join(out, 'tokens'), fate: 'kept' });
    expect(tokens[0]).toEqual({ role: 'worker', name: 'worker', path: join(out, 'worker.token') });
  });

  it('adds a token', async () => {
    const added = await type(['certs', 'token', '--out', out, '--role', 'reader', '--name', 'grafana']);
    expect(added.code).toBe(0);
    expect(added.stdout).toMatch(/^made {2}.*grafana.token {2}the token of grafana, reader\n/);
    for (const secret of secrets()) expect(added.stdout).not.toContain(secret);
    const again = await type([
      'certs',
      'token',
      '--out',
      out,
      '--role',
      'reader',
      '--name',
      'grafana',
      '--json',
    ]);
    expect(again).toMatchObject({ code: 2, stdout: '' });
    expect(again.stderr).toMatch(/^rocinante: name grafana: expected a new one.*\n$/);
  });

  it.each([
    [['--name', 'gpu1:7070'], /--name <hosts>.*gpu1:7070.* is invalid. expected hosts .* without a port/],
    [['--name', 'a,,b'], /--name <hosts>.*received ""/],
    [['--worker', 'https://a'], /--worker <hosts>.*expected hosts/],
    [['--days', '0'], /--days <n>.*expected a whole number from 1 to 3650/],
    [['--days', '3651'], /--days <n>.*expected a whole number from 1 to 3650/],
    [['--authority-days', 'x'], /--authority-days <n>.*expected a whole number from 1 to 7300/],
    [['--name', 'gpu9.lan'], /coordinator.crt: expected a certificate for gpu9.lan/],
    [['token', '--role', 'admin', '--name', 'x'], /--role <role>.*worker, operator, reader/],
    [['token', '--role', 'reader', '--name', '../x'], /--name <name>.*expected letters, digits/],
    [['token', '--role', 'reader'], /--name <name>/],
    [['token', '--name', 'x'], /--role <role>/],
    [['nonsense'], /nonsense|too many arguments/],
  ])('refuses %j in one line', async (words, message) => {
    const refused = await type(['certs', ...words, '--out', out]);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(message);
    expect(refused.stderr.trimEnd()).not.toContain('\n');
  });

  it('asks for the coordinator’s names in a new folder', async () => {
    const refused = await type(['certs', '--out', join(folder, 'new')]);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(
      /coordinator.crt: expected the coordinator's hosts .* give them with --name\n$/,
    );
  });
});
