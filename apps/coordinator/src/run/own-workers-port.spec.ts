// Goal: what other users of the machine reach of `train` and `replay` is closed to them. Method: the port, and clients over gRPC.
import { once } from 'node:events';
import { status, type ServiceError } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  dial,
  PROTOCOL_VERSION,
  type CoordinatorMessageReceived,
  type TrainingClient,
} from '@rocinante/wire';
import { TrainingService } from '../service/training-service.js';
import { listenForOwnWorkers, type OwnWorkersPort } from './own-workers-port.js';

let service: TrainingService;
let port: OwnWorkersPort;
let clients: TrainingClient[];
beforeEach(async () => {
  clients = [];
  service = new TrainingService();
  port = await listenForOwnWorkers(service.handlers);
});
afterEach(async () => {
  service.close();
  for (const client of clients) client.close();
  await port.stop();
});

/** A worker's first words, and what it hears first: a welcome, or the end. */
async function join(token: string | null): Promise<CoordinatorMessageReceived | ServiceError> {
  const client = dial(port.address, { ca: null, token });
  clients.push(client);
  const call = client.work();
  call.write({
    hello: { protocolMin: PROTOCOL_VERSION, protocolMax: PROTOCOL_VERSION, name: 'a', threads: 1 },
  });
  const [heard] = (await once(call, 'data').catch((error: unknown) => [error])) as [
    CoordinatorMessageReceived,
  ];
  call.on('error', () => undefined);
  return heard;
}

it('lets in who shows the token of this very port', async () => {
  expect(await join(port.token)).toMatchObject({ message: 'welcome' });
  expect(service.sessions.map(({ name }) => name)).toEqual(['a']);
});

it('refuses who shows none, or that of another', async () => {
  const other = await listenForOwnWorkers(service.handlers);
  await other.stop();
  for (const token of [null, other.token, 'short', `${port.token}x`]) {
    expect(await join(token)).toMatchObject({ code: status.UNAUTHENTICATED });
  }
  expect(service.sessions).toEqual([]);
});

it('serves a text and takes a contribution for nobody else either', async () => {
  const client = dial(port.address);
  clients.push(client);
  const [error] = (await once(
    client.corpus({ session: 'x', sha256: '', offset: 0, bytes: 1 }).resume(),
    'error',
  )) as [ServiceError];
  expect(error.code).toBe(status.UNAUTHENTICATED);
  const refused = await new Promise<ServiceError | null>((resolve) =>
    client.contribute((failure) => resolve(failure)).end(),
  );
  expect(refused?.code).toBe(status.UNAUTHENTICATED);
});
