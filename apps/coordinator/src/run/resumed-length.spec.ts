import { encodeCorpus } from '@rocinante/corpus';
import { describe, expect, it } from 'vitest';
import { presets } from '../presets.js';
import { resumedLength } from './resumed-length.js';
import { DEFAULT_LIMITS } from './run-limits.js';

describe('the length of a run that goes on', () => {
  const corpus = encodeCorpus(Buffer.from('call me ishmael. '.repeat(500)), { normalisation: 'none' });
  const saved = { ...presets.quick, epochs: 4 };
  const config = 'my.json';

  it('is its own where a file says less, which a line says', () => {
    const shorter = { ...saved, epochs: 2 };
    expect(resumedLength(shorter, saved, { config }, corpus, DEFAULT_LIMITS)).toEqual({
      config: saved,
      line: '--config my.json: the run is longer than its 2 epochs, and keeps its own 4 epochs',
    });
    // Of two kinds: an epoch of this text has 3 steps.
    expect(resumedLength({ ...saved, steps: 5 }, saved, { config }, corpus, DEFAULT_LIMITS)).toEqual({
      config: saved,
      line: '--config my.json: the run is longer than its 5 steps, and keeps its own 4 epochs',
    });
  });

  it.each([
    ['a file says more', { ...saved, epochs: 5 }, { config }],
    ['a file says more steps', { ...saved, steps: 500 }, { config }],
    ['an option says less', { ...saved, epochs: 2 }, { config, epochs: 2 }],
    ['there is no file', { ...saved, epochs: 2 }, {}],
  ])('is the one that is asked for where %s', (_where, asked, flags) => {
    expect(resumedLength(asked, saved, flags, corpus, DEFAULT_LIMITS)).toEqual({ config: asked, line: null });
  });
});
