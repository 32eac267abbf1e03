import { describe, expect, it } from 'vitest';
import type { HttpAnswer, HttpRequest } from '@rocinante/http';
import { healthRoutes } from './health-routes.js';

const metrics = { contentType: 'text/plain; version=0.0.4', text: () => Promise.resolve('a 1\n') };

describe('the routes of health', () => {
  it('serve metrics, life and readiness, the last two to everybody', async () => {
    let notReady: string | null = null;
    const routes = healthRoutes(metrics, () => notReady);
    const ask = (path: string): Promise<HttpAnswer> =>
      Promise.resolve(routes.get(path)!.answer({} as HttpRequest));
    expect(await ask('/metrics')).toEqual({ status: 200, contentType: metrics.contentType, body: 'a 1\n' });
    expect(await ask('/healthz')).toMatchObject({ status: 200, body: 'alive\n' });
    expect(await ask('/readyz')).toMatchObject({ status: 200, body: 'ready\n' });
    notReady = 'no coordinator at 10.0.0.1:7070';
    expect(await ask('/readyz')).toMatchObject({
      status: 503,
      body: 'not ready: no coordinator at 10.0.0.1:7070\n',
    });
    expect([...routes].map(([path, { needs }]) => [path, needs])).toEqual([
      ['/metrics', 'reader'],
      ['/healthz', 'open'],
      ['/readyz', 'open'],
    ]);
  });
});
