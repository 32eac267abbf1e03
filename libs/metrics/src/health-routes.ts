import { line, type Route, type Routes } from '@rocinante/http';

/** Text for Prometheus: a MetricSet, or what wraps one. */
export interface MetricText {
  readonly contentType: string;
  text(): Promise<string>;
}

/**
 * What both programs serve: `/metrics`, `/healthz` and `/readyz`.
 *
 * `/healthz` says 200 by being answered: the process lives, and its event loop turns.
 * @param notReady why the process cannot do its work now, in one line; null where it can. `/readyz` says 503 or 200.
 */
export function healthRoutes(metrics: MetricText, notReady: () => string | null): Routes {
  return new Map<string, Route>([
    [
      '/metrics',
      {
        needs: 'reader',
        answer: async () => ({ status: 200, contentType: metrics.contentType, body: await metrics.text() }),
      },
    ],
    ['/healthz', { needs: 'open', answer: () => line(200, 'alive') }],
    [
      '/readyz',
      {
        needs: 'open',
        answer: () => {
          const why = notReady();
          return why === null ? line(200, 'ready') : line(503, `not ready: ${why}`);
        },
      },
    ],
  ]);
}
