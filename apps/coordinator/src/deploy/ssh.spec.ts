/** Goal: a host gets nothing of the operator's but the command. Method: ssh itself says how it would connect, and does not. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sshWords } from './ssh.js';

const hasSsh = spawnSync('ssh', ['-V']).status === 0;

const FORWARDED = `Host *
  ForwardAgent yes
  ForwardX11 yes
  LocalForward 9001 localhost:9001
  RemoteForward 9002 localhost:9002
  DynamicForward 9003
  Tunnel yes
  PermitLocalCommand yes
  LocalCommand true
  Port 2200
  User somebody
`;

it.skipIf(!hasSsh)('forwards nothing, whatever the configuration says, and keeps to the rest of it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rocinante-ssh-'));
  try {
    const config = join(folder, 'config');
    writeFileSync(config, FORWARDED);
    const words = sshWords({ label: 'host', destination: 'host', port: null }, { config });
    const said = execFileSync('ssh', ['-G', ...words], { encoding: 'utf8' }).split('\n');
    for (const line of ['forwardagent no', 'forwardx11 no', 'tunnel false', 'permitlocalcommand no']) {
      expect(said).toContain(line);
    }
    expect(said.filter((line) => /^(local|remote|dynamic)forward /.test(line))).toEqual([]);
    for (const line of ['port 2200', 'user somebody', 'batchmode yes']) expect(said).toContain(line);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
