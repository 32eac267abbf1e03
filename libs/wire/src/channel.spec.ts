import { status, type ServiceError } from '@grpc/grpc-js';
import http2 from 'node:http2';
import { afterEach, describe, expect, it } from 'vitest';
import { createLayout } from '@rocinante/parameters';
import { dial, listen, type ListeningServer } from './channel.js';
import { serverTraffic } from './http2-server.js';
import { FLOW_CONTROL_WINDOW_BYTES, MESSAGE_BYTES_MAX } from './limits.js';
import { encodeContributionRange, encodeParametersRange, parametersRoom } from './ranges.js';
import type { ContributionRangeMessage, ParametersRangeMessage } from './messages.js';
import type { TrainingClient, TrainingHandlers } from './service.js';

const layout = createLayout([{ name: 'kernel', shape: [256, 1024] }]);
const [range] = layout.ranges;

let server: ListeningServer | null = null;
let client: TrainingClient | null = null;

afterEach(async () => {
  client?.close();
  await server?.stop();
  server = client = null;
});

async function serve(
  handlers: Partial<TrainingHandlers>,
  token: string | null = null,
): Promise<TrainingClient> {
  const unused = (): never => {
    throw new Error('not called in this test');
  };
  const training = { Work: unused, Contribute: unused, Parameters: unused, Corpus: unused, ...handlers };
  const holder = { name: 'a', role: 'worker' } as const;
  server = await listen('127.0.0.1:0', { training }, token === null ? {} : { holderOf: () => holder });
  client = dial(server.address, { ca: null, token });
  return client;
}

describe('a server and a client', () => {
  it('move ranges both ways, and count the bytes', async () => {
    const before = serverTraffic();
    const received: number[] = [];
    const training = await serve({
      Contribute: (call, callback) => {
        call.on('data', (message: ContributionRangeMessage) => received.push(message.values.length));
        call.on('end', () => callback(null, { rangesAdded: received.length, rangesIgnored: 0 }));
      },
      Parameters: (call) => {
        call.write(encodeParametersRange(3, new Float32Array(layout.length).fill(1.5), range));
        call.end();
      },
    });
    const summary = await new Promise((resolve, reject) => {
      const call = training.contribute((error, value) => (error ? reject(error) : resolve(value)));
      for (let i = 0; i < 5; i++)
        call.write(encodeContributionRange('s', i, new Int32Array(layout.length), range));
      call.end();
    });
    expect(summary).toMatchObject({ rangesAdded: 5 });
    const values = await new Promise<Buffer>((resolve, reject) => {
      training
        .parameters({ session: 's' })
        .on('data', ({ values }: ParametersRangeMessage) => resolve(values))
        .on('error', reject);
    });
    expect(values.readFloatLE(0)).toBe(1.5);
    const after = serverTraffic();
    expect(after.bytesReceived - before.bytesReceived).toBeGreaterThan(5 * 2 ** 20);
    expect(after.bytesSent - before.bytesSent).toBeGreaterThan(2 ** 20);
  });

  it.each([
    ['in plain', null],
    ['with tokens', 't'],
  ])(
    'copy what is written while nothing waits before it, so that its memory is free at once: %s',
    async (_, token) => {
      const room = parametersRoom(layout);
      const Parameters: TrainingHandlers['Parameters'] = (call) => {
        const write = (version: number): void => {
          if (version > 3) return void call.end();
          const vector = new Float32Array(layout.length).fill(version);
          call.write(encodeParametersRange(version, vector, range, null, room), () => write(version + 1));
          room.fill(0xff);
        };
        write(1);
      };
      const training = await serve({ Parameters }, token);
      const received: number[] = [];
      await new Promise((resolve, reject) => {
        training
          .parameters({ session: 's' })
          .on('data', ({ values }: ParametersRangeMessage) =>
            received.push(values.readFloatLE(values.length - 4)),
          )
          .on('error', reject)
          .on('end', resolve);
      });
      expect(received).toEqual([1, 2, 3]);
    },
  );

  it('gives streams and connections windows of 8 MiB, which grpc-js has no option for', async () => {
    await serve({});
    const session = http2.connect(`http://${server!.address}`);
    const settings = await new Promise<http2.Settings>((resolve) => session.once('remoteSettings', resolve));
    expect(settings.initialWindowSize).toBe(FLOW_CONTROL_WINDOW_BYTES);
    // The connection's window comes by a WINDOW_UPDATE of its own; a ping's answer comes after it.
    await new Promise((resolve) => session.ping(resolve));
    expect(session.state.remoteWindowSize).toBe(FLOW_CONTROL_WINDOW_BYTES);
    session.destroy();
  });

  it('refuses a message over the limit by name', async () => {
    const training = await serve({
      Contribute: (call) => {
        call.on('error', () => undefined);
      },
    });
    const error = await new Promise<ServiceError | null>((resolve) => {
      const call = training.contribute((ended) => resolve(ended));
      call.on('error', () => undefined);
      call.write(Buffer.alloc(MESSAGE_BYTES_MAX + 1));
    });
    expect(error?.code).toBe(status.RESOURCE_EXHAUSTED);
  });

  it('names the address that is taken', async () => {
    await serve({});
    await expect(listen(server!.address, { training: {} as TrainingHandlers })).rejects.toThrow(
      `cannot listen at ${server!.address}`,
    );
  });
});
