import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '@rocinante/base';
import type { RunsHandlers } from '@rocinante/wire';
import { describe, expect, it } from 'vitest';
import { file, folder, lastLine, rocinante, show, stopServer, type } from './spec-command.js';

describe('corpus push', () => {
  it('says the SHA-256, and sends nothing that is there', async () => {
    const path = file('pushed.txt', 'el ingenioso');
    const known = sha256(Buffer.from('el ingenioso'));
    const Have: RunsHandlers['Have'] = (_call, callback) => callback(null, { sha256: [known] });
    const said = await rocinante({ Have }, 'corpus', 'push', path);
    expect(said).toMatchObject({ code: 0, stdout: `${known}\n` });
    await stopServer();
    const json = await rocinante({ Have }, 'corpus', 'push', path, '--json');
    expect(lastLine(json)).toEqual({ sha256: known, bytes: 12, known: true });
  });

  it('refuses what is no text before it is sent', async () => {
    const path = file('binary.txt', Uint8Array.of(0, 0xff));
    const said = await type(['corpus', 'push', path, '--coordinator', '127.0.0.1:1']);
    expect(said.code).toBe(2);
    expect(said.stderr).toMatch(/expected UTF-8 text, received 0xFF at byte 1/);
  });
});

describe('weights pull', () => {
  // A safetensors file: the header's length, the header, the parameters.
  const data = Buffer.from('\u0002\0\0\0\0\0\0\0{}weights');
  const Weights: RunsHandlers['Weights'] = (call) => {
    call.write({ bytes: data.length, sha256: sha256(data), step: 100, data });
    call.end();
  };

  it('writes the file, and refuses to replace one', async () => {
    const out = join(folder, 'pulled.safetensors');
    const said = await rocinante({ ...show, Weights }, 'weights', 'pull', 'baseline', '--out', out, '--json');
    expect(lastLine(said)).toEqual({
      run: 'r12',
      which: 'final',
      path: out,
      bytes: 17,
      sha256: sha256(data),
      weightsSha256: sha256(Buffer.from('weights')),
      step: 100,
    });
    expect(readFileSync(out)).toEqual(data);
    await stopServer();
    const again = await rocinante({ ...show, Weights }, 'weights', 'pull', 'baseline', '--out', out);
    expect(again.code).toBe(2);
    expect(again.stderr).toMatch(/there is a file already; --force replaces it/);
    await stopServer();
    const forced = await rocinante(
      { ...show, Weights },
      'weights',
      'pull',
      'baseline',
      '--out',
      out,
      '--force',
    );
    expect(forced).toMatchObject({
      code: 0,
      stdout:
        `${out}: 0.0 kB, after step 100; SHA-256 of its parameters ${sha256(Buffer.from('weights'))}, ` +
        `of the file ${sha256(data)}\n`,
    });
    expect(readdirSync(folder).filter((name) => name.startsWith('pulled'))).toEqual(['pulled.safetensors']);
  });

  it('knows one format', async () => {
    const said = await type(['weights', 'pull', 'r1', '--out', 'x', '--format', 'onnx']);
    expect(said.code).toBe(2);
    expect(said.stderr).toMatch(/--format.*onnx.*safetensors/);
  });
});
