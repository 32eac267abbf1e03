/** Goal: a text is encoded beside the network as it would be here, and every end of the thread is one. */
import { describe, expect, it } from 'vitest';
import { encodeCorpus, wordsOf } from '@rocinante/corpus';
import { RunFailedError } from '../errors.js';
import { encodeText } from './encode-thread.js';

const text = 'Vi a un hidalgo; un hidalgo vi.\n'.repeat(8);

function request(symbols: string[] | null = null) {
  return { bytes: Buffer.from(text), normalisation: 'none', subject: 'corpus a.txt', symbols } as const;
}

describe('a text that is encoded in a thread', () => {
  it('is what it would be here, with its words', async () => {
    const { corpus, words } = await encodeText(request());
    const here = encodeCorpus(Buffer.from(text), { normalisation: 'none', subject: 'corpus a.txt' });
    expect([...corpus.ids]).toEqual([...here.ids]);
    expect(corpus.vocabulary.symbols).toEqual(here.vocabulary.symbols);
    expect([corpus.textSha256, corpus.idsSha256]).toEqual([here.textSha256, here.idsSha256]);
    expect(words).toEqual(wordsOf([text]));
  });

  it('has ids by the symbols that are given', async () => {
    const symbols = [...new Set(`z${text}`)].sort().reverse();
    const { corpus } = await encodeText(request(symbols));
    expect(corpus.vocabulary.symbols).toEqual(symbols);
    expect(corpus.vocabulary.decode(corpus.ids)).toBe(text);
  });

  it('takes a copy of bytes that share their memory with others', async () => {
    const all = Buffer.from(`xx${text}`);
    const { corpus } = await encodeText({ ...request(), bytes: all.subarray(2) });
    expect(corpus.vocabulary.decode(corpus.ids)).toBe(text);
    expect(all.toString()).toBe(`xx${text}`);
  });

  it('is refused as it would be here', async () => {
    await expect(encodeText({ ...request(), bytes: Buffer.from([0x61, 0xff]) })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/^corpus a\.txt: .*UTF-8/) as string,
    });
  });

  it('is given up when it is told to, before it begins and meanwhile', async () => {
    const reason = new RunFailedError('stopped');
    const aborted = new AbortController();
    aborted.abort(reason);
    await expect(encodeText(request(), aborted.signal)).rejects.toBe(reason);
    const meanwhile = new AbortController();
    const encoded = encodeText(request(), meanwhile.signal);
    meanwhile.abort(reason);
    await expect(encoded).rejects.toBe(reason);
  });
});
