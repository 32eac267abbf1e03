/** Goal: a sample comes, or it is said why not, and is never waited for in vain. Method: workers that note what they are sent. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLayout } from '@rocinante/parameters';
import type { CoordinatorMessage, SampleResultMessage } from '@rocinante/wire';
import { ParameterFeed } from '../service/parameter-feed.js';
import type { Session } from '../service/session.js';
import { SampleDesk } from './sample-desk.js';

const layout = createLayout([{ name: 'w', shape: [2] }]);
const order = { prompt: [1, 2], length: 3, temperature: 0.5, seed: 7 };

let sent: CoordinatorMessage[];
let needed: number[];
let desk: SampleDesk;
beforeEach(() => {
  vi.useFakeTimers();
  [sent, needed] = [[], []];
  const feed = new ParameterFeed(layout, 5, 'float32');
  feed.publish(new Float32Array(layout.length));
  desk = new SampleDesk(feed);
});
afterEach(() => vi.useRealTimers());

function worker(name: string): Session {
  const downlink = { need: (version: number) => needed.push(version) };
  return { name, send: (message: CoordinatorMessage) => sent.push(message), downlink } as unknown as Session;
}

function result(request: number, symbols: number[], error = ''): SampleResultMessage {
  return { request, symbols, error };
}

describe('a sample', () => {
  it('is drawn by a worker from the closed parameters, which it is sent', async () => {
    const [a, b] = [worker('a'), worker('b')];
    const drawn = desk.draw(a, order, 1_000);
    expect(sent).toEqual([{ sampleRequest: { request: 1, parametersVersion: 5, ...order } }]);
    expect(needed).toEqual([5]);
    // Neither another worker's answer nor one to another request counts.
    desk.answered(b, result(1, [9]));
    desk.answered(a, result(2, [9]));
    desk.answered(a, result(1, [4, 5, 6]));
    expect(await drawn).toEqual([4, 5, 6]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ['its worker refuses', (a: Session) => desk.answered(a, result(1, [], 'no engine')), 'no engine'],
    ['its worker leaves', (a: Session) => desk.left(a), 'worker a left while it drew it'],
    [
      'the run is told to end',
      () => desk.giveUp('interrupted'),
      'the run was ended while it was drawn (interrupted)',
    ],
    ['its time is over', () => vi.advanceTimersByTime(1_000), 'worker a said nothing within 1 s'],
  ])('is given up when %s', async (_what, happen, why) => {
    const a = worker('a');
    const drawn = desk.draw(a, order, 1_000);
    desk.left(worker('b'));
    happen(a);
    await expect(drawn).rejects.toThrow(`no sample: ${why}`);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is drawn by nobody where nobody is there', async () => {
    await expect(desk.draw(undefined, order, 1_000)).rejects.toMatchObject({ code: 'NO_WORKER' });
  });
});
