/** What Prometheus finds of a coordinator's workers: who is scraped at its own address, and who through the coordinator. */
import { expect, describe, it } from 'vitest';
import type { HttpAnswer, HttpRequest } from '@rocinante/http';
import { workerRoutes, type DiscoveredWorker } from './worker-routes.js';

function named(worker: string, more: Partial<DiscoveredWorker> = {}): DiscoveredWorker {
  return { worker, pool: 'default', httpAddress: '', metrics: null, ...more };
}

async function get(
  workers: readonly DiscoveredWorker[],
  path: string,
  {
    advertise = null,
    host = 'coordinator:7071',
    now = 0,
    secure = false,
    holder = null,
  }: Partial<Pick<HttpRequest, 'host' | 'secure' | 'holder'>> & {
    advertise?: string | null;
    now?: number;
  } = {},
): Promise<HttpAnswer> {
  const routes = workerRoutes({
    workers: () => workers,
    now: () => now,
    advertise,
    contentType: 'text/plain; version=0.0.4',
  });
  const [route, rest] = path.startsWith('/workers/') ? ['/workers/*', path.slice(9)] : [path, ''];
  const request = { path, rest, host, secure, holder } as HttpRequest;
  return routes.get(route)!.answer(request);
}

async function groups(workers: readonly DiscoveredWorker[], options = {}): Promise<unknown> {
  return JSON.parse((await get(workers, '/sd/workers', options)).body as string);
}

describe('discovery', () => {
  it('is an empty list without workers', async () => {
    const answer = await get([], '/sd/workers');
    expect(answer).toEqual({ status: 200, contentType: 'application/json', body: '[]' });
  });

  it('sends nobody who shows a token to an address that a worker names', async () => {
    const workers = [named('a', { httpAddress: 'elsewhere.example:80' })];
    const relayed = {
      worker: 'a',
      pool: 'default',
      coordinator: 'coordinator:7071',
      __metrics_path__: '/workers/a/metrics',
    };
    expect(await groups(workers, { secure: true })).toEqual([
      { targets: ['coordinator:7071'], labels: { ...relayed, __scheme__: 'https' } },
    ]);
    expect(await groups(workers, { holder: { name: 'eye', role: 'reader' } })).toEqual([
      { targets: ['coordinator:7071'], labels: relayed },
    ]);
  });

  it.each(['10.0.0.2:7072', 'gpu-1.example.net:7072', '[2001:db8::1]:7072'])(
    'gives %s as it is',
    async (address) => {
      expect(await groups([named('a', { httpAddress: address, pool: 'big' })])).toEqual([
        { targets: [address], labels: { worker: 'a', pool: 'big', coordinator: 'coordinator:7071' } },
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
    expect(await groups([named('a', { httpAddress: address })])).toEqual([
      {
        targets: ['coordinator:7071'],
        labels: {
          worker: 'a',
          pool: 'default',
          coordinator: 'coordinator:7071',
          __metrics_path__: '/workers/a/metrics',
        },
      },
    ]);
  });

  it('names the coordinator as it is advertised, else as it was asked', async () => {
    expect(await groups([named('a')], { advertise: 'public:9' })).toMatchObject([
      { targets: ['public:9'], labels: { coordinator: 'public:9' } },
    ]);
    expect(await groups([named('a')], { host: '[::1]:7071' })).toMatchObject([{ targets: ['[::1]:7071'] }]);
    expect((await get([named('a')], '/sd/workers', { host: null })).status).toBe(400);
  });
});

describe('relayed metrics', () => {
  const told = [
    named('a', { metrics: { text: 'first', at: 1_000 } }),
    named('a#2', { metrics: { text: 'second', at: 1_000 } }),
    named('b'),
  ];

  it('are what the worker sent last, by the name that discovery gives', async () => {
    expect(await get(told, '/workers/a/metrics', { now: 31_000 })).toEqual({
      status: 200,
      contentType: 'text/plain; version=0.0.4',
      body: 'first',
    });
    expect((await get(told, '/workers/a%232/metrics', { now: 1_000 })).body).toBe('second');
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
