import { describe, expect, it } from 'vitest';
import { normalisePieces, normaliseText, shortenedRun } from './normalisation.js';

describe('normaliseText', () => {
  it('lowers, folds and shortens for the reference', () => {
    expect(normaliseText('¡ÓYEME!\n\n\n«ÑANDÚ»\n\nΟΔΟΣ\n', 'reference')).toBe('!oyeme!\n\n<<nandu>>\nοδος\n');
  });

  it('keeps everything for none', () => {
    expect(normaliseText('¡Óyeme!\n\n\n', 'none')).toBe('¡Óyeme!\n\n\n');
  });

  it('shortens runs that folding makes', () => {
    expect(normaliseText('a\u2029b', 'reference')).toBe('a\nb');
  });
});

describe('shortenedRun', () => {
  it('is what the five replacements leave', () => {
    for (let length = 0; length <= 200; length++) {
      let run = '\n'.repeat(length);
      for (let k = 2; k <= 6; k++) run = run.replaceAll('\n'.repeat(k), '\n');
      expect(shortenedRun(length)).toBe(run.length);
    }
  });
});

describe('normalisePieces', () => {
  it('gives the same text wherever it is cut', () => {
    const text = '\n\n\nUno\n\n\n\ndos\n\ntres\n\n\n\n\n\n\n\n\n\n\ncuatro\n\n\n';
    const whole = normaliseText(text, 'reference');
    for (let a = 0; a <= text.length; a++) {
      for (let b = a; b <= text.length; b++) {
        const pieces = [text.slice(0, a), text.slice(a, b), text.slice(b)];
        expect([...normalisePieces(pieces, 'reference')].join('')).toBe(whole);
      }
    }
  });
});
