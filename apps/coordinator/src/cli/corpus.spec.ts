import { describe, expect, it } from 'vitest';
import { file, type } from './spec-command.js';

describe('corpus info', () => {
  const text = file('accents.txt', '¿Sí? '.repeat(21));

  it('says how the text was treated, and which preset does so', async () => {
    const { code, stdout } = await type(['corpus', 'info', text]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^147 bytes, SHA-256 [0-9a-f]{64}\n105 characters, 4 symbols, in lower case and without accents, as preset seed reads it .*--normalisation none\)\n/,
    );
    expect(stdout).toContain('most frequent: "?" 42, " " 21, "i" 21, "s" 21\n');
    expect(stdout).toContain(
      'preset quick: too short, it needs 3,557 characters\n' +
        'preset seed: 5 windows of 100, at every character: too few for a batch of 64; it needs 164 characters, or --batch 5 --micro-batch 5\n',
    );
    const plain = await type(['corpus', 'info', text, '--normalisation', 'none']);
    expect(plain.stdout).toMatch(/\n105 characters, 5 symbols, as it is, as preset quick reads it .*\n/);
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

  it('says in words why a text cannot be read', async () => {
    expect(await type(['corpus', 'info', '/none/book.txt'])).toMatchObject({
      code: 2,
      stderr: 'rocinante: corpus /none/book.txt: expected a text file, received no file of that name\n',
    });
  });
});
