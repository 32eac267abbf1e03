import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { file, folder, type } from './spec-command.js';

afterEach(() => vi.unstubAllEnvs());

describe('corpus info', () => {
  const text = file('accents.txt', '¿Sí? '.repeat(21));

  it('says how the text was treated, and which preset does so', async () => {
    const { code, stdout } = await type(['corpus', 'info', text, '--preset', 'seed']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^147 bytes, SHA-256 [0-9a-f]{64}\n105 characters, 4 symbols, in lower case and without accents, as preset seed reads it .*--preset quick\)\n/,
    );
    expect(stdout).toContain('most frequent: "?" 42, " " 21, "i" 21, "s" 21\n');
    expect(stdout).toContain(
      'preset quick: too short, it needs 3,557 characters\n' +
        'preset seed: 5 windows of 100, at every character: too few for a batch of 64; it needs 164 characters, or --batch 5 --micro-batch 5\n',
    );
    expect(stdout).not.toContain('fewer than');
    // As train does where nothing else is said.
    for (const words of [[], ['--preset', 'seed', '--normalisation', 'none']]) {
      const plain = await type(['corpus', 'info', text, ...words]);
      expect(plain.stdout).toMatch(
        /\n105 characters, 5 symbols, as it is, as train reads it by default .*\n/,
      );
    }
  });

  it('counts what an epoch is in a configuration of one’s own, and reads the text as that does', async () => {
    const settings = {
      text: { window: 10, stride: 10, heldOut: false, normalisation: 'reference' },
      batch: { size: 2, microBatch: 1 },
    };
    const config = file('own.json', JSON.stringify(settings));
    const { stdout } = await type(['corpus', 'info', text, '--config', config]);
    expect(stdout).toMatch(/\n105 characters, 4 symbols, in lower case/);
    expect(stdout).toMatch(
      /\nconfiguration \S+own\.json: 10 windows of 10, one every 10 characters; an epoch is 5 steps of 2\n$/,
    );
    // Treated otherwise, the text has another length: "«" is "<<" to preset seed.
    const quotes = file('quotes.txt', '«a»'.repeat(20));
    const words = ['corpus', 'info', quotes, '--config', config];
    expect((await type(words)).stdout).toMatch(/own\.json: 9 windows of 10, /);
    expect((await type([...words, '--normalisation', 'none'])).stdout).toMatch(
      /own\.json: 5 windows of 10, /,
    );
    const wrong = await type(['corpus', 'info', text, '--config', join(folder, 'none.json')]);
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
  });

  it('reads variables as train does', async () => {
    vi.stubEnv('ROCINANTE_NORMALISATION', 'reference');
    expect((await type(['corpus', 'info', text])).stdout).toMatch(
      /\n105 characters, 4 symbols, in lower case/,
    );
  });

  it('names symbols that are too rare to be learnt', async () => {
    const rare = file('rare.txt', `${'ab'.repeat(20)}c${'d'.repeat(9)}${'e'.repeat(10)}`);
    const { stdout } = await type(['corpus', 'info', rare]);
    expect(stdout).toContain('\nfewer than 10 times: 2 symbols: "c" 1, "d" 9\n');
    const many = file(
      'many.txt',
      String.fromCodePoint(...Array.from({ length: 30 }, (_, place) => 0x4e00 + place)),
    );
    expect((await type(['corpus', 'info', many])).stdout).toMatch(
      /\nfewer than 10 times: 30 symbols: .*, "\S" 1 and 10 more\n/,
    );
  });

  it('counts windows and steps as a run of each preset does', async () => {
    const { stdout } = await type(['corpus', 'info', 'bundled']);
    expect(stdout).toContain(
      'preset quick: 10,712 windows of 100, one every 100 characters, with a tenth of the text held out; an epoch is 335 steps of 32\n',
    );
    expect(stdout).toMatch(
      /\npreset seed: [\d,]+ windows of 100, at every character; an epoch is [\d,]+ steps of 64\n$/,
    );
  });

  it('says what a text with control characters was rather made of', async () => {
    const { stdout } = await type(['corpus', 'info', file('utf16.txt', Buffer.from('call me', 'utf16le'))]);
    expect(stdout).toMatch(
      /\nthe text has symbols that are no text's \(U\+0000\): perhaps it is binary, or UTF-16 .*\n/,
    );
  });

  it('says in words why a text cannot be read', async () => {
    expect(await type(['corpus', 'info', '/none/book.txt'])).toMatchObject({
      code: 2,
      stderr: 'rocinante: corpus /none/book.txt: expected a text file, received no file of that name\n',
    });
  });
});
