import { describe, expect, it } from 'vitest';
import { LineQueue } from './line-queue.js';

const message = { linesMax: 3, bytesMax: 10 };

describe('a queue of lines', () => {
  it('gives lines in order, as many as a message holds', () => {
    const queue = new LineQueue({ linesMax: 100, bytesMax: 1000 });
    for (const line of ['a', 'b', 'c', 'd', 'eeeeee', 'ffffff']) queue.push(line);
    expect(queue.take(message)).toEqual(['a', 'b', 'c']);
    expect(queue.take(message)).toEqual(['d', 'eeeeee']);
    expect(queue.take(message)).toEqual(['ffffff']);
    expect(queue.take(message)).toEqual([]);
    expect(queue.takeDropped()).toBe(0);
  });

  it('drops and counts what does not fit, in lines and in bytes', () => {
    const queue = new LineQueue({ linesMax: 3, bytesMax: 8 });
    for (const line of ['áá', 'bbbbb', 'c', 'd', 'e', 'f']) queue.push(line);
    // Two characters of two bytes each leave room for four.
    expect(queue.take({ linesMax: 9, bytesMax: 9 })).toEqual(['áá', 'c', 'd']);
    expect(queue.takeDropped()).toBe(3);
    expect(queue.takeDropped()).toBe(0);
    queue.push('g');
    expect(queue.take(message)).toEqual(['g']);
  });

  it('drops a line that no message can hold, and goes on', () => {
    const queue = new LineQueue({ linesMax: 9, bytesMax: 1000 });
    queue.push('x'.repeat(11));
    queue.push('y');
    expect(queue.take(message)).toEqual(['y']);
    expect(queue.takeDropped()).toBe(1);
  });

  it('forgets what waits', () => {
    const queue = new LineQueue({ linesMax: 9, bytesMax: 9 });
    queue.push('123456789');
    queue.push('0');
    queue.clear();
    queue.push('987654321');
    expect(queue.take(message)).toEqual(['987654321']);
    expect(queue.takeDropped()).toBe(0);
  });
});
