import { endingSoon, readClientSecurity } from '@rocinante/access';
import { RocinanteError } from '@rocinante/base';
import type { Logger } from '@rocinante/log';
import type { WorkerConfig } from './config.js';
import type { WorkerMetrics } from './metrics/worker-metrics.js';

/** How often the file is looked at: a worker reads it again only where it connects, which may be in months. */
const LOOK_MS = 3_600_000;

/** A certificate that ends soon is told of so seldom. */
const TELL_MS = 86_400_000;

/**
 * Tells when the worker's own certificate ends, as its file has it now: in its metrics, and in a line a day where that is soon. A
 * session that has begun outlasts the certificate, and nobody would see until the next.
 */
export class OwnCertificate {
  readonly #config: WorkerConfig;
  readonly #log: Logger;
  readonly #metrics: WorkerMetrics;
  #toldAt = -Infinity;

  constructor(config: WorkerConfig, log: Logger, metrics: WorkerMetrics) {
    this.#config = config;
    this.#log = log;
    this.#metrics = metrics;
  }

  /** Looks now, and every hour until the process ends. */
  start(): void {
    this.look(Date.now());
    setInterval(() => this.look(Date.now()), LOOK_MS).unref();
  }

  /** @param now milliseconds since 1970. */
  look(now: number): void {
    const line = this.#lineAt(now);
    if (line === null || now - this.#toldAt < TELL_MS) return;
    this.#toldAt = now;
    this.#log.warn(line);
  }

  #lineAt(now: number): string | null {
    const { tlsCert, coordinator } = this.#config;
    try {
      const { notAfter } = readClientSecurity(this.#config, coordinator, process.env, now);
      if (notAfter === undefined || tlsCert === undefined) return null;
      this.#metrics.certificateRead(notAfter);
      return endingSoon(tlsCert, notAfter, now);
    } catch (error) {
      // It has ended, or cannot be read: the metric stays at what it was, which an alert sees.
      if (error instanceof RocinanteError) return error.message;
      throw error;
    }
  }
}
