import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PageFiles } from './page-files.js';

it('the page’s files are those of its build, and nothing else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rocinante-files-'));
  try {
    mkdirSync(join(folder, 'page', 'assets'), { recursive: true });
    writeFileSync(join(folder, 'page', 'index.html'), '<p>');
    writeFileSync(join(folder, 'page', 'assets', 'a-1.js'), 'a');
    writeFileSync(join(folder, 'page', 'assets', 'a-1.js.map'), 'a');
    writeFileSync(join(folder, 'secret.html'), 's');
    const files = new PageFiles(join(folder, 'page'));
    expect(files.find('index.html')).toMatchObject({ status: 200, contentType: 'text/html; charset=utf-8' });
    expect(files.find('index.html')!.headers).toBeUndefined();
    expect(files.find('assets/a-1.js')!.headers).toEqual({
      'Cache-Control': 'private, max-age=31536000, immutable',
    });
    for (const name of [
      'assets/a-1.js.map',
      '../secret.html',
      'assets/../../secret.html',
      'assets',
      '',
      'constructor',
    ]) {
      expect(files.find(name)).toBeUndefined();
    }
    expect(new PageFiles(join(folder, 'none')).find('index.html')).toBeUndefined();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
