import { expect, it } from 'vitest';
import { barLine } from './bar-line.js';

const fields = {
  part: 0.5,
  step: 'step 16,750/33,500',
  epoch: 'epoch 50/100',
  loss: 'loss 1.5995',
  rate: '413.1 windows/s',
  left: '1 h 02 min left',
};

it('is whole where there is room', () => {
  expect(barLine(fields, 120)).toBe(
    '■■■■■■■■■■           step 16,750/33,500 | epoch 50/100 | loss 1.5995 | 413.1 windows/s | 1 h 02 min left',
  );
});

it('becomes a shorter bar, and then fewer figures: the time left stays', () => {
  expect(barLine(fields, 92)).toBe(
    '■■■■     step 16,750/33,500 | epoch 50/100 | loss 1.5995 | 413.1 windows/s | 1 h 02 min left',
  );
  expect(barLine(fields, 80)).toBe(
    '■■■■■■      step 16,750/33,500 | loss 1.5995 | 413.1 windows/s | 1 h 02 min left',
  );
  expect(barLine(fields, 60)).toBe('■■■■■     step 16,750/33,500 | loss 1.5995 | 1 h 02 min left');
  expect(barLine(fields, 40)).toBe('step 16,750/33,500 | 1 h 02 min left');
  expect(barLine(fields, 20)).toBe('1 h 02 min left');
  expect(barLine(fields, 4)).toBe('1 h ');
});

it('is never longer than its terminal', () => {
  for (let columns = 1; columns < 140; columns++) {
    for (const left of ['-', 'evaluating, writing the weights, drawing a sample']) {
      expect(barLine({ ...fields, left }, columns).length).toBeLessThanOrEqual(columns);
    }
  }
});
