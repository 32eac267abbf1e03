/**
 * Goal: whoever probes a coordinator by gRPC's own health protocol hears of each of its services, and of its end. Method: a
 * client that knows grpc.health.v1 from its specification alone; messages of one field are written out as bytes.
 */
import { Client, credentials, status, type ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Daemon, until } from '../support/daemon.js';
import { Workspace } from '../support/rocinante.js';

const HEALTH = '/grpc.health.v1.Health';
const STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING'];

const workspace = new Workspace();
let daemon: Daemon;
let client: Client;

beforeAll(async () => {
  daemon = await Daemon.start({ data: workspace.in('data') });
  client = new Client(daemon.grpc, credentials.createInsecure());
}, 180_000);

afterAll(async () => {
  client.close();
  await daemon.end();
  workspace.remove();
});

/** HealthCheckRequest: field 1, a service's name. */
function request(service: string): Buffer {
  const name = Buffer.from(service);
  return name.length === 0 ? name : Buffer.concat([Buffer.of(0x0a, name.length), name]);
}

/** HealthCheckResponse: field 1, the status. */
function response(bytes: Buffer): string {
  return STATUSES[bytes[1] ?? 0];
}

function check(service: string): Promise<string> {
  return new Promise((resolve, reject) =>
    client.makeUnaryRequest(`${HEALTH}/Check`, request, response, service, (error, value) => {
      if (error) reject(error);
      else resolve(value!);
    }),
  );
}

it.each(['', 'rocinante.training.v1.Training', 'rocinante.training.v1.Runs'])(
  'the service %j is healthy',
  async (service) => {
    expect(await check(service)).toBe('SERVING');
  },
);

it('a service that is not there is not found', async () => {
  await expect(check('rocinante.training.v2.Training')).rejects.toMatchObject({ code: status.NOT_FOUND });
});

it('a watcher hears that the coordinator ends, and does not keep it from ending', async () => {
  const heard: string[] = [];
  const watch = client.makeServerStreamRequest(`${HEALTH}/Watch`, request, response, '');
  watch.on('data', (value: string) => heard.push(value));
  watch.on('error', (error: ServiceError) => heard.push(status[error.code]));
  await until('the first status', () => heard.length > 0);
  const { code } = await daemon.stop();
  expect(code).toBe(0);
  await until('the second status', () => heard.length > 1);
  expect(heard.slice(0, 2)).toEqual(['SERVING', 'NOT_SERVING']);
});
