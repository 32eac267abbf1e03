/** Goal: a sender that falls silent keeps nothing open. Method: real gRPC. The rest is in runs-service.spec.ts. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { dialRuns, statusOf } from '@rocinante/wire';
import { serveRuns } from '../client/spec-scripted-coordinator.js';
import { takeContent } from './content-intake.js';
import { ContentStore } from './content-store.js';

it('gives a silent sender up, and keeps nothing of what it sent', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rocinante-intake-'));
  const contents = await ContentStore.open(folder);
  const server = await serveRuns({
    Push: (call, callback) => {
      takeContent(call, contents, 50).then(
        (response) => callback(null, response),
        (error: unknown) => callback(statusOf(error)),
      );
    },
  });
  const client = dialRuns(server.address);
  const refusal = await new Promise((resolve) => {
    const call = client.push(resolve);
    call.on('error', () => undefined);
    call.write({ sha256: 'ab'.repeat(32), bytes: 100, data: Buffer.from('half') });
  });
  expect(refusal).toMatchObject({
    code: status.DEADLINE_EXCEEDED,
    details: 'push: nothing came for 0.05 s; send it again',
  });
  expect(await readdir(contents.directory)).toEqual([]);
  client.close();
  await server.stop();
  await rm(folder, { recursive: true });
});
