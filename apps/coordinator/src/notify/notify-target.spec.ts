import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { notifyTarget, type NotifyOptions } from './notify-target.js';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'rocinante-notify-'))));
afterAll(() => rmSync(folder, { recursive: true }));

const options: NotifyOptions = {
  url: 'https://example.org/hunter2',
  secretFile: null,
  stuckSeconds: 60,
  insecure: false,
};

function refusalOf(change: Partial<NotifyOptions>): string {
  try {
    notifyTarget({ ...options, ...change });
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it was not refused');
}

describe('where notices go', () => {
  it('is told of by its host', () => {
    const { host, stuckMs, secret } = notifyTarget(options);
    expect({ host, stuckMs, secret }).toEqual({ host: 'example.org', stuckMs: 60_000, secret: null });
  });

  it.each(['hunter2', 'ftp://hunter2.org/', 'http://example.org/hunter2', 'http://u:hunter2@10.0.0.5/'])(
    'is not %s, and the message does not hold it',
    (url) => {
      expect(refusalOf({ url })).not.toContain('hunter2');
    },
  );

  it('is in plain on this machine, or where somebody says so', () => {
    for (const url of ['http://127.0.0.1:9/x', 'http://localhost/x', 'http://[::1]:80/x']) {
      expect(notifyTarget({ ...options, url }).url.href).toContain('x');
    }
    expect(notifyTarget({ ...options, url: 'http://10.0.0.5/x', insecure: true }).host).toBe('10.0.0.5');
  });
});

describe('the secret', () => {
  it('is the file without its last line’s end', () => {
    const secretFile = join(folder, 'secret');
    writeFileSync(secretFile, `${'s'.repeat(16)}\n`, { mode: 0o600 });
    expect(Buffer.from(notifyTarget({ ...options, secretFile }).secret!).toString()).toBe('s'.repeat(16));
  });

  it('is long enough, and there', () => {
    const secretFile = join(folder, 'short');
    writeFileSync(secretFile, 'hunter2\n', { mode: 0o600 });
    expect(refusalOf({ secretFile })).toMatch(/expected 16 to 4096 bytes, received 7/);
    expect(refusalOf({ secretFile: join(folder, 'none') })).toContain('received no such file');
    const tooLong = join(folder, 'long');
    writeFileSync(tooLong, 's'.repeat(5_000), { mode: 0o600 });
    expect(refusalOf({ secretFile: tooLong })).toContain('received more');
  });

  it('is nobody else’s to read, and no pipe', () => {
    const secretFile = join(folder, 'open');
    writeFileSync(secretFile, 'hunter2'.repeat(3));
    chmodSync(secretFile, 0o644);
    expect(refusalOf({ secretFile })).toMatch(/nobody else can read, received mode 0644; .*chmod 600/);
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', ['-m', '600', pipe]);
    expect(refusalOf({ secretFile: pipe })).toContain('received a pipe');
  });
});
