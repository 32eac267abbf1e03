/** Goal: a daemon is up whole or not at all, and ends in time whatever it is at. Method: real ports and a real folder. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Route } from '@rocinante/http';
import { dialRuns } from '@rocinante/wire';
import { RunFailedError, UsageError } from '../errors.js';
import { Daemon, type DaemonOptions } from './daemon.js';
import { ask, readAll, startRequest, text, textSha256 } from './spec-coordinator.js';

let folder: string;
let options: DaemonOptions;
let fatal: unknown[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rocinante-serve-'));
  options = {
    listen: '127.0.0.1:0',
    http: '127.0.0.1:0',
    advertise: null,
    data: folder,
    store: null,
    insecure: false,
    logLevel: 'error',
  };
  fatal = [];
});
afterEach(async () => {
  await rm(folder, { recursive: true });
  expect(fatal).toEqual([]);
});

const start = (change: Partial<DaemonOptions> = {}): Promise<Daemon> =>
  Daemon.start({ ...options, ...change }, (error) => fatal.push(error));

describe('a daemon that starts', () => {
  it.each(['0.0.0.0:0', '192.0.2.1:0', '[::]:0', 'example.org:0'])(
    'does not listen at %s in plain',
    async (address) => {
      for (const which of ['listen', 'http']) {
        await expect(start({ [which]: address })).rejects.toThrow(UsageError);
      }
    },
  );

  it('listens there where it is told that the network is trusted', async () => {
    await (await start({ listen: '0.0.0.0:0', insecure: true })).stop();
  });

  it('leaves nothing behind where an address is taken, or another works in its folder', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    const address = `127.0.0.1:${port}`;
    const data = join(folder, 'data');
    await expect(start({ listen: address, data })).rejects.toThrow(address);
    await expect(start({ http: address, data })).rejects.toThrow(address);
    await expect(readdir(folder)).resolves.toEqual([]);
    // What was there before stays.
    await expect(start({ listen: address })).rejects.toThrow(address);
    await expect(readdir(folder)).resolves.toContain('runs');
    taken.close();
    const daemon = await start();
    await expect(start()).rejects.toThrow(RunFailedError);
    await daemon.stop();
  });
});

describe('an error in what HTTP answers', () => {
  it('ends the process where it is ours, as in a call, and not where it is the disk’s', async () => {
    const daemon = await start();
    const routes = daemon.routes as Map<string, Route>;
    const thrown = [
      Object.assign(new Error('EIO: read'), { syscall: 'read', code: 'EIO' }),
      new TypeError('this is no function'),
    ];
    thrown.forEach((error, index) =>
      routes.set(`/fails/${index}`, {
        needs: 'open',
        answer: () => {
          throw error;
        },
      }),
    );
    const ask = async (index: number): Promise<number> =>
      (await fetch(`http://${daemon.addresses.http}/fails/${index}`)).status;
    expect(await ask(0)).toBe(500);
    expect(fatal).toEqual([]);
    expect(await ask(1)).toBe(500);
    expect(fatal.splice(0)).toEqual([thrown[1]]);
    await daemon.stop();
  });
});

describe('a daemon that is stopped', () => {
  it('ends with a run that is prepared or waits, with its queue, and with everyone who watches', async () => {
    for (const at of ['once', 'later']) {
      const daemon = await start();
      const client = dialRuns(daemon.addresses.grpc);
      await new Promise((resolve) => {
        const call = client.push(resolve);
        call.write({ sha256: textSha256, bytes: text.length, data: text });
        call.end();
      });
      await ask(client, client.start, startRequest);
      await ask(client, client.start, startRequest);
      const watched = ['r1', 'r2'].map((run) => readAll(client.watch({ run })));
      if (at === 'later') {
        const health = await fetch(`http://${daemon.addresses.http}/healthz`);
        const metrics = await (await fetch(`http://${daemon.addresses.http}/metrics`)).text();
        expect(health.status).toBe(200);
        expect(metrics).toMatch(/^rocinante_coordinator_runs\{state="queued"\} [1-9]/m);
      }
      await ask(client, client.list as never, {});
      await daemon.stop();
      for (const { refused } of await Promise.all(watched)) expect(refused).toBeNull();
      client.close();
    }
  });
});
