/** A prompt is read as the network's text was, and where it cannot be, one line says what may be meant. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Vocabulary } from '@rocinante/corpus';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PROMPT_BYTES_MAX, promptIds, promptOf, readPrompt } from './prompt.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rocinante-prompt-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const vocabulary = new Vocabulary(['\n', ' ', 'a', 'b', '’', '\u00e9']);
const read = (text: string, normalisation = 'none', known = vocabulary): string =>
  known.decode(promptIds(promptOf(text), known, normalisation));

describe('a prompt', () => {
  it.each([
    ['has line feeds for CRLF and for CR', 'a\r\nb\ra', 'a\nb\na'],
    ['loses a byte-order mark', '\ufeffab', 'ab'],
    ['is composed where the network knows composed letters', 'ae\u0301'.slice(1), '\u00e9'],
  ])('%s', (_what, given, text) => expect(read(given)).toBe(text));

  it('is decomposed where the network knows decomposed letters', () => {
    expect(read('\u00e9', 'none', new Vocabulary(['e', '\u0301']))).toBe('e\u0301');
  });

  it('is treated as the text was', () => {
    expect(read('ÁB\r\n\r\nÀ', 'reference', new Vocabulary(['\n', 'a', 'b']))).toBe('ab\na');
  });

  it('is refused with what may be meant', () => {
    expect(() => read("a'b")).toThrow(
      /^--prompt: expected only the vocabulary's 6 symbols, received "'"; it knows "’" for "'"$/,
    );
    expect(() => read('AcB')).toThrow(/received "A", "B", "c"; it knows "a" for "A", "b" for "B"$/);
    expect(() => read('c')).toThrow(/received "c"$/);
    expect(() => read('')).toThrow(/^--prompt: expected at least one character, received none$/);
  });
});

describe('a prompt’s file', () => {
  it('is read whole, up to a limit', async () => {
    const path = join(folder, 'p.txt');
    writeFileSync(path, 'a'.repeat(PROMPT_BYTES_MAX));
    const prompt = await readPrompt(path);
    expect(promptIds(prompt, vocabulary, 'none')).toHaveLength(PROMPT_BYTES_MAX);
    writeFileSync(path, 'a'.repeat(PROMPT_BYTES_MAX + 1));
    await expect(readPrompt(path)).rejects.toMatchObject({
      exitCode: 2,
      message: `--prompt-file ${path}: expected at most 65536 bytes, received more; give its last part`,
    });
  });

  it('is named where it cannot be read, or is no text', async () => {
    const path = join(folder, 'none');
    await expect(readPrompt(path)).rejects.toMatchObject({
      exitCode: 2,
      message: `--prompt-file ${path}: cannot be read: there is no such file or folder (ENOENT)`,
    });
    await expect(readPrompt(folder)).rejects.toThrow(/: cannot be read: it is a folder \(EISDIR\)$/);
    writeFileSync(path, Uint8Array.of(0x61, 0xf1));
    const prompt = await readPrompt(path);
    expect(() => promptIds(prompt, vocabulary, 'none')).toThrow(/^--prompt-file .*none: expected UTF-8 text/);
  });
});
