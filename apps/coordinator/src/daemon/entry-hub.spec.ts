import { expect, it } from 'vitest';
import { EntryHub, type RunFollower } from './entry-hub.js';

const entry = { time: '2026-11-24T10:00:00.000Z', event: 'released', atStep: 3 } as const;

function follower(told: string[]): RunFollower {
  return {
    entry: ({ event }) => told.push(event),
    line: (line) => told.push(line),
    ended: () => told.push('ended'),
  };
}

it('tells those who follow a run, until they let go of it', () => {
  const hub = new EntryHub();
  const [first, second, other]: string[][] = [[], [], []];
  const stop = hub.follow('r1', follower(first));
  hub.follow('r1', follower(second));
  hub.follow('r2', follower(other));
  hub.publish('r1', entry);
  stop();
  hub.publishLine('r1', 'a line');
  hub.end('r1');
  expect([first, second, other]).toEqual([['released'], ['released', 'a line', 'ended'], []]);
});

it('tells an end once; who follows afterwards waits for the next', () => {
  const hub = new EntryHub();
  const [early, late]: string[][] = [[], []];
  const stop = hub.follow('r1', follower(early));
  hub.end('r1');
  hub.follow('r1', follower(late));
  // A subscription that has ended takes no later one with it.
  stop();
  hub.publish('r1', entry);
  hub.close();
  hub.close();
  expect([early, late]).toEqual([['ended'], ['released', 'ended']]);
});

it('lets a follower let go while it is told', () => {
  const hub = new EntryHub();
  const told: string[] = [];
  const stop = hub.follow('r1', { ended: () => stop() });
  hub.follow('r1', follower(told));
  hub.end('r1');
  expect(told).toEqual(['ended']);
});
