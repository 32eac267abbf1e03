import { describe, expect, it } from 'vitest';
import { drawCurve, LossCurve } from './loss-curve.js';

describe('a loss curve', () => {
  it('keeps every step where there is room for it', () => {
    const curve = new LossCurve(3, 10);
    curve.add([3, 2]);
    curve.add([1, 99]);
    expect(curve.points).toEqual([
      { step: 1, loss: 3 },
      { step: 2, loss: 2 },
      { step: 3, loss: 1 },
    ]);
  });

  it('is thinned to means over equally many steps, whatever the pieces it comes in', () => {
    const losses = Array.from({ length: 1000 }, (_, index) => index);
    const whole = new LossCurve(1000, 4);
    whole.add(losses);
    expect(whole.points).toEqual([
      { step: 250, loss: 124.5 },
      { step: 500, loss: 374.5 },
      { step: 750, loss: 624.5 },
      { step: 1000, loss: 874.5 },
    ]);
    const pieces = new LossCurve(1000, 4);
    for (let start = 0; start < 1000; start += 7) pieces.add(losses.slice(start, start + 7));
    expect(pieces.points).toEqual(whole.points);
  });

  it('shows what there is where fewer losses come than were announced', () => {
    const curve = new LossCurve(4, 2);
    curve.add([5, 3]);
    expect(curve.points).toEqual([{ step: 2, loss: 4 }]);
  });

  it('is drawn from its highest to its lowest value', () => {
    const lines = drawCurve([4, 3, 2, 1].map((loss, index) => ({ step: index + 1, loss })));
    expect(lines).toHaveLength(12);
    expect(lines[0]).toMatch(/^ {2}4\.0000 ┼╮$/);
    expect(lines[10]).toMatch(/^ {2}1\.0000 ┤ +╰ *─?$/);
    expect(lines[11]).toMatch(/^ {10}1 *step 4$/);
  });

  it('is drawn flat in the middle, and not at all from a single point', () => {
    const flat = drawCurve([2, 2, 2].map((loss, index) => ({ step: index + 1, loss })));
    expect(flat.find((line) => line.includes('┼'))).toMatch(/^ {2}2\.0000 ┼──$/);
    expect(drawCurve([{ step: 1, loss: 2 }])).toEqual([]);
  });
});
