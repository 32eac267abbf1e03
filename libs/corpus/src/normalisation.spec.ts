import { describe, expect, it } from 'vitest';
import { normalisePieces, normaliseText, shortenedRun } from './normalisation.js';

describe('normaliseText', () => {
  it('lowers, folds and shortens for the reference', () => {
    expect(normaliseText('¡ÓYEME!\n\n\n«ÑANDÚ»\n\nΟΔΟΣ\n', 'reference')).toBe('!oyeme!\n\n<<nandu>>\nοδος\n');
  });

  it('keeps everything for none', () => {
    expect(normaliseText('¡Óyeme!\n\n\n', 'none')).toBe('¡Óyeme!\n\n\n');
  });

  it('composes letters and their marks for nfc, and keeps everything else', () => {
    expect(normaliseText('O\u0301yeme, pin\u0303ata\n\n\u212b \u1112\u1161\u11ab ½', 'nfc')).toBe(
      'Óyeme, piñata\n\nÅ 한 ½',
    );
    expect(normaliseText('q\u0301\u0323', 'nfc')).toBe('q\u0323\u0301');
  });

  it('takes marks without end in a time that grows with their number', () => {
    const marks = '\u0301\u0323'.repeat(100_000);
    const text = normaliseText(`e${marks} o\u0301`, 'nfc');
    // Put in order: all the dots below are before the accents of their run.
    expect(text.slice(0, 33)).toBe(`\u1eb9${'\u0323'.repeat(31)}\u0301`);
    expect(text.endsWith(' ó')).toBe(true);
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
