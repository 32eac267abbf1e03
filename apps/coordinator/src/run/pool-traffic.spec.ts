import { expect, it } from 'vitest';
import type { Session } from '../service/session.js';
import { PoolTraffic } from './pool-traffic.js';

/** A worker's session whose connection has moved so much. */
function session(bytesSent: number, bytesReceived: number): Session & { traffic: object } {
  return { traffic: { bytesSent, bytesReceived } } as never;
}

it('counts what moved since it began: of who was there, who came, and who left', () => {
  const there = session(100, 10);
  let pool = [there];
  const traffic = new PoolTraffic(() => pool);
  expect(traffic.sum).toEqual({ bytesSent: 0, bytesReceived: 0 });
  Object.assign(there, { traffic: { bytesSent: 150, bytesReceived: 11 } });
  const came = session(7, 70);
  pool = [there, came];
  traffic.workerJoined();
  expect(traffic.sum).toEqual({ bytesSent: 57, bytesReceived: 71 });
  pool = [came];
  expect(traffic.sum).toEqual({ bytesSent: 57, bytesReceived: 71 });
  // Its connection serves somebody else now, or nobody.
  Object.assign(there, { traffic: { bytesSent: 999, bytesReceived: 999 } });
  expect(traffic.sum).toEqual({ bytesSent: 57, bytesReceived: 71 });
});
