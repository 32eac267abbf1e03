#!/usr/bin/env node
import { setTimeout as sleep } from 'node:timers/promises';
import { RocinanteError } from '@rocinante/base';
import { dial, limits, mayRetry } from '@rocinante/wire';
import { workerCommand, type WorkerConfig } from './config.js';
import { EngineProxy } from './engine-proxy.js';
import { Session } from './session.js';

/** Joins, works, and comes back after any loss of connection, until it is told to stop. */
async function work(config: WorkerConfig): Promise<void> {
  const stopping = new AbortController();
  const engine = new EngineProxy(config.threads, (error) => fail(error));
  const client = dial(config.coordinator);
  let session: Session | null = null;

  const stop = (): void => {
    stopping.abort();
    session?.close();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  if (config.endWithParent) process.stdin.on('end', () => process.exit(0)).resume();

  const facts = await engine.request({ type: 'describe' });
  let waitMs: number = limits.RECONNECT_BACKOFF_MIN_MS;
  while (!stopping.signal.aborted) {
    session = new Session(client, engine, facts, config);
    try {
      await session.ended;
    } catch (error) {
      if (!mayRetry(error)) fail(error);
    }
    if (stopping.signal.aborted) break;
    if (session.welcomed) {
      waitMs = limits.RECONNECT_BACKOFF_MIN_MS;
      process.stderr.write(`rocinante worker: the session is over; waiting for ${config.coordinator}\n`);
    }
    await sleep(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    waitMs = Math.min(2 * waitMs, limits.RECONNECT_BACKOFF_MAX_MS);
  }
  client.close();
  await engine.stop();
  // A parent's pipe, which is still open, would keep the process alive.
  process.exit(0);
}

function fail(error: unknown): never {
  process.stderr.write(`rocinante worker: ${(error as Error).message}\n`);
  process.exit(error instanceof RocinanteError ? error.exitCode : 1);
}

await workerCommand(work).parseAsync();
