import { beforeEach, describe, expect, it } from 'vitest';
import { GrantQueue, UNDER_WAY_MAX, type Grant } from './grant-queue.js';

let queue: GrantQueue;
/** Workers that are late in sending. */
let late: Set<string>;

/** What a range takes workers that are not quick. */
let seconds: Map<string, number | null>;

/** All that may be sent now. */
function taken(): Grant[] {
  const grants: Grant[] = [];
  for (let grant = queue.take(); grant; grant = queue.take()) grants.push(grant);
  return grants;
}

/** Two grants of each of so many workers, whose assignments have their numbers. */
function grantsOf(workers: number): Grant[] {
  return Array.from({ length: 2 * workers }, (_, index) => ({
    worker: `w${index % workers}`,
    assignment: index % workers,
    range: Math.floor(index / workers),
  }));
}

beforeEach(() => {
  late = new Set();
  seconds = new Map();
  queue = new GrantQueue(
    (worker) => late.has(worker),
    (worker) => (seconds.has(worker) ? seconds.get(worker)! : 0.01),
  );
});

it('sends one grant at a time to who is slow or was not measured, and others go on', () => {
  const grants = grantsOf(3);
  seconds.set('w0', 1.1);
  seconds.set('w1', null);
  for (const grant of grants) queue.add(grant);
  expect(taken()).toEqual([grants[0], grants[1], grants[2], grants[5]]);
  queue.arrived('w1', 1, 0);
  expect(taken()).toEqual([grants[4]]);
  queue.withdrawn(0);
  queue.add({ worker: 'w0', assignment: 7, range: 3 });
  queue.add({ worker: 'w0', assignment: 7, range: 4 });
  expect(taken()).toEqual([{ worker: 'w0', assignment: 7, range: 3 }]);
  seconds.set('w0', 0.4);
  expect(taken()).toEqual([{ worker: 'w0', assignment: 7, range: 4 }]);
});

it('lets few workers have all their grants at once, in order', () => {
  const grants = grantsOf(UNDER_WAY_MAX / 2);
  for (const grant of grants) queue.add(grant);
  expect(taken()).toEqual(grants);
});

describe('with more grants than may be under way', () => {
  const grants = grantsOf(UNDER_WAY_MAX);
  const rest = grants.slice(UNDER_WAY_MAX);

  beforeEach(() => {
    for (const grant of grants) queue.add(grant);
    expect(taken()).toEqual(grants.slice(0, UNDER_WAY_MAX));
  });

  it('sends the next for each range that came', () => {
    queue.arrived('w5', 5, 0);
    queue.arrived('w0', 0, 0);
    expect(taken()).toEqual(rest.slice(0, 2));
  });

  it('takes no account of ranges that were not granted, or came before', () => {
    queue.arrived('w5', 5, 1);
    queue.arrived('w6', 5, 0);
    expect(taken()).toEqual([]);
    queue.arrived('w5', 5, 0);
    queue.arrived('w5', 5, 0);
    expect(taken()).toHaveLength(1);
  });

  it('counts on nothing of who is late: others go on, and it counts again when it is not late any more', () => {
    for (let worker = 0; worker < UNDER_WAY_MAX / 2; worker++) late.add(`w${worker}`);
    expect(taken()).toEqual(rest);
    const next = { worker: 'w9', assignment: 9, range: 2 };
    queue.add(next);
    queue.arrived('w0', 0, 0);
    expect(taken()).toEqual([]);
    queue.arrived('w9', 9, 0);
    expect(taken()).toEqual([next]);
    late.clear();
    queue.add({ ...next, range: 3 });
    queue.arrived('w9', 9, 1);
    expect(taken()).toEqual([]);
  });

  it('sends no grant of a range that came without it', () => {
    queue.arrived('w0', 0, 1);
    queue.arrived('w1', 1, 0);
    expect(taken()).toEqual([rest[1]]);
  });

  it('awaits nothing of who left, or of what was withdrawn, and grants it nothing more', () => {
    queue.left('w0');
    queue.withdrawn(1);
    expect(taken()).toEqual(rest.slice(2, 4));
  });

  it('forgets all with the issue', () => {
    queue.clear();
    expect(taken()).toEqual([]);
    queue.add(grants[0]);
    expect(taken()).toEqual([grants[0]]);
  });
});
