#!/usr/bin/env node
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceError } from '@grpc/grpc-js';
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

  while (!stopping.signal.aborted) {
    session = new Session(client, engine, config);
    try {
      await session.open();
    } catch (error) {
      if (!isRetriable(error)) fail(error);
    }
    if (!stopping.signal.aborted) {
      await sleep(limits.RECONNECT_BACKOFF_MIN_MS, undefined, { signal: stopping.signal }).catch(
        () => undefined,
      );
    }
  }
  client.close();
  await engine.stop();
}

function isRetriable(error: unknown): boolean {
  return typeof (error as ServiceError).code === 'number' && mayRetry(error as ServiceError);
}

function fail(error: unknown): never {
  process.stderr.write(`rocinante worker: ${(error as Error).message}\n`);
  process.exit(error instanceof RocinanteError ? error.exitCode : 1);
}

await workerCommand(work).parseAsync();
