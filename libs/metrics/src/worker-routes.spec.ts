/** What Prometheus finds of a coordinator's workers: who is scraped at its own address, and who through the coordinator. */
import { expect, describe, it } from 'vitest';
import type { HttpAnswer, HttpRequest } from './http-server.js';
import { workerRoutes, type DiscoveredWorker } from './worker-routes.js';

function worker(name: string, ordinal: number, more: Partial<DiscoveredWorker> = {}): DiscoveredWorker {
  return { worker: `${name}#${ordinal}`, name, pool: 'default', httpAddress: '', metrics: null, ...more };
}

async function get(
  workers: readonly DiscoveredWorker[],
  path: string,
  {
    advertise = null,
    host = 'coordinator:7071',
    now = 0,
  }: { advertise?: string | null; host?: string | null; now?: number } = {},
): Promise<HttpAnswer> {
  const routes = workerRoutes({
    workers: () => workers,
    now: () => now,
    advertise,
    contentType: 'text/plain; version=0.0.4',
  });
  const [route, rest] = path.startsWith('/workers/') ? ['/workers/*', path.slice(9)] : [path, ''];
  const request: HttpRequest = { path, rest, host };
  return routes.get(route)!(request);
}

async function groups(workers: readonly DiscoveredWorker[], options = {}): Promise<unknown> {
  return JSON.parse(String((await get(workers, '/sd/workers', options)).body));
}

describe('discovery', () => {
  it('is an empty list without workers', async () => {
    const answer = await get([], '/sd/workers');
    expect(answer).toEqual({ status: 200, contentType: 'application/json', body: '[]' });
  });

  it.each(['10.0.0.2:7072', 'gpu-1.example.net:7072', '[2001:db8::1]:7072'])(
    'gives %s as it is',
    async (address) => {
      expect(await groups([worker('a', 1, { httpAddress: address, pool: 'big' })])).toEqual([
        { targets: [address], labels: { worker: 'a#1', pool: 'big' } },
      ]);
    },
  );

  it.each([
    '',
    '127.0.0.1:7072',
    'localhost:7072',
    '0.0.0.0:7072',
    '[::]:7072',
    '[::1]:7072',
    'http://a/b',
    'a',
  ])('relays a worker whose address is %j', async (address) => {
    expect(await groups([worker('a', 1, { httpAddress: address })])).toEqual([
      {
        targets: ['coordinator:7071'],
        labels: { worker: 'a#1', pool: 'default', __metrics_path__: '/workers/a#1/metrics' },
      },
    ]);
  });

  it('names the coordinator as it is advertised, else as it was asked', async () => {
    expect(await groups([worker('a', 1)], { advertise: 'public:9' })).toMatchObject([
      { targets: ['public:9'] },
    ]);
    expect(await groups([worker('a', 1)], { host: '[::1]:7071' })).toMatchObject([
      { targets: ['[::1]:7071'] },
    ]);
    expect((await get([worker('a', 1)], '/sd/workers', { host: null })).status).toBe(400);
  });
});

describe('relayed metrics', () => {
  const told = [
    worker('a', 1, { metrics: { text: 'first', at: 1_000 } }),
    worker('a', 2, { metrics: { text: 'second', at: 1_000 } }),
    worker('b', 3),
  ];

  it('are what the worker sent last, by its id or the newest of its name', async () => {
    expect(await get(told, '/workers/a%231/metrics', { now: 31_000 })).toEqual({
      status: 200,
      contentType: 'text/plain; version=0.0.4',
      body: 'first',
    });
    expect((await get(told, '/workers/a/metrics', { now: 1_000 })).body).toBe('second');
  });

  it.each([
    ['/workers/a/metrics', 31_001, 'worker a has relayed no metrics for 30 s\n'],
    ['/workers/b/metrics', 0, 'worker b has relayed no metrics for 30 s\n'],
    ['/workers/c%0A/metrics', 0, 'there is no worker c%0A\n'],
    ['/workers/a', 0, 'expected /workers/<worker>/metrics\n'],
    ['/workers/', 0, 'expected /workers/<worker>/metrics\n'],
    ['/workers/%/metrics', 0, 'expected /workers/<worker>/metrics\n'],
    ['/workers/a/metrics/../../x', 0, 'expected /workers/<worker>/metrics\n'],
  ])('at %s after %i ms are a 404 of one line', async (path, now, body) => {
    expect(await get(told, path, { now })).toMatchObject({ status: 404, body });
  });
});
