/** Goal: whatever the receiver does, what is told is told in order, and nobody waits for long. Method: real servers of all kinds. */
import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ATTEMPTS_MAX, NOTICES_WAITING_MAX } from './limits.js';
import { NoticeSender } from './notice-sender.js';
import type { Notice } from './notice.js';

const SECRET = Buffer.from('0123456789abcdef');

interface Received {
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A receiver that keeps what comes, and answers so. */
async function receiver(
  answer: RequestListener,
): Promise<{ readonly url: URL; readonly received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      received.push({ body, headers: request.headers });
      answer(request, response);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hunter2`), received };
}

function notice(id: string): Notice {
  const run = { id: 'r1', name: 'r1' };
  const about = { step: 1, stepsTotal: 2, loss: null, heldOutLoss: null, reason: '', text: `notice ${id}` };
  return { version: 1, id, kind: 'finished', time: '2025-11-29T09:20:00.000Z', run, ...about };
}

function sender(
  url: URL,
  secret: Uint8Array | null = SECRET,
  limits: { readonly attemptTimeoutMs?: number } = {},
): { readonly sender: NoticeSender; readonly said: string[] } {
  const said: string[] = [];
  const target = { url, host: url.host, secret, stuckMs: 1000 };
  const options = {
    target,
    warn: (line: string) => said.push(line),
    backoffFirstMs: 5,
    ...limits,
  };
  return { sender: new NoticeSender(options), said };
}

const ids = (received: readonly Received[]): string[] =>
  received.map(({ body }) => (JSON.parse(body) as Notice).id);

describe('a receiver that answers', () => {
  it('gets what is told in order, signed over time and body', async () => {
    const { url, received } = await receiver((_, response) => response.end());
    const { sender: notices, said } = sender(url);
    const delivered: string[] = [];
    for (const id of ['a', 'b', 'c']) notices.send(notice(id), () => delivered.push(id));
    await notices.close(20_000);
    expect(ids(received)).toEqual(['a', 'b', 'c']);
    expect(delivered).toEqual(['a', 'b', 'c']);
    expect(said).toEqual([]);
    for (const { body, headers } of received) {
      const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(headers['x-rocinante-signature'] as string)!;
      expect(createHmac('sha256', SECRET).update(`${t}.${body}`).digest('hex')).toBe(v1);
      expect(Math.abs(Number(t) - Date.now() / 1000)).toBeLessThan(60);
      expect(headers['content-type']).toBe('application/json');
    }
  });

  it('gets no signature where there is no secret', async () => {
    const { url, received } = await receiver((_, response) => response.end());
    const { sender: notices } = sender(url, null);
    notices.send(notice('a'));
    await notices.close(20_000);
    expect(received[0].headers['x-rocinante-signature']).toBeUndefined();
  });

  it('is not read further than its status: an answer without end costs nothing', async () => {
    let sent = 0;
    const { url, received } = await receiver((_, response) => {
      const more = (): void => {
        while (!response.destroyed && sent < 2 ** 30 && response.write(Buffer.alloc(64 << 10)))
          sent += 64 << 10;
      };
      response.on('drain', more).writeHead(200);
      more();
    });
    const { sender: notices, said } = sender(url);
    notices.send(notice('a'));
    notices.send(notice('b'));
    await notices.close(20_000);
    expect(ids(received)).toEqual(['a', 'b']);
    expect(said).toEqual([]);
    expect(sent).toBeLessThan(64 << 20);
  });
});

describe('a receiver that is in trouble', () => {
  it('is asked again after 500, and then has it once', async () => {
    let count = 0;
    const { url, received } = await receiver((_, response) => {
      response.statusCode = ++count < 3 ? 500 : 204;
      response.end();
    });
    const { sender: notices, said } = sender(url);
    notices.send(notice('a'));
    await notices.close(20_000);
    expect(ids(received)).toEqual(['a', 'a', 'a']);
    expect(said).toEqual([]);
  });

  it('is given up after some attempts, and the next notice is tried', async () => {
    const { url, received } = await receiver((_, response) => response.writeHead(503).end());
    const { sender: notices, said } = sender(url);
    notices.send(notice('a'));
    notices.send(notice('b'));
    await notices.close(20_000);
    expect(received).toHaveLength(2 * ATTEMPTS_MAX);
    expect(said).toHaveLength(2);
    expect(said[0]).toContain(
      `notice to ${url.host} not delivered, expected a status from 200 to 299, received 503`,
    );
    expect(said.join()).not.toContain('hunter2');
  });

  it('is not asked again where it refuses, and never elsewhere', async () => {
    const other = await receiver((_, response) => response.end());
    for (const [status, headers] of [
      [302, { location: other.url.href }],
      [308, { location: other.url.href }],
      [401, {}],
      [404, {}],
    ] as const) {
      const { url, received } = await receiver((_, response) => response.writeHead(status, headers).end());
      const { sender: notices, said } = sender(url);
      notices.send(notice('a'));
      await notices.close(20_000);
      expect(received).toHaveLength(1);
      expect(said[0]).toContain(`received ${status}`);
    }
    expect(other.received).toEqual([]);
  });

  it('is waited for no longer than an attempt may take', async () => {
    const { url } = await receiver(() => undefined);
    const { sender: notices, said } = sender(url, SECRET, { attemptTimeoutMs: 20 });
    notices.send(notice('a'));
    await notices.close(30_000);
    expect(said).toEqual([expect.stringContaining('not delivered')]);
  });

  it('is waited for no longer than the end may take', async () => {
    const { url, received } = await receiver(() => undefined);
    const { sender: notices, said } = sender(url, SECRET, { attemptTimeoutMs: 60_000 });
    notices.send(notice('a'));
    await vi.waitFor(() => expect(received).toHaveLength(1), 20_000);
    await notices.close(10);
    expect(said).toEqual([expect.stringContaining('not delivered')]);
  });

  it('or is not there, holds nobody up', async () => {
    const { sender: notices, said } = sender(new URL('http://127.0.0.1:1/hunter2'));
    notices.send(notice('a'));
    expect(said).toEqual([]);
    await notices.close(20_000);
    expect(said).toEqual([expect.stringContaining('ECONNREFUSED')]);
  });

  it('makes what waits drop the oldest, and say so', async () => {
    const { url } = await receiver(() => undefined);
    const { sender: notices, said } = sender(url);
    for (let count = 0; count < NOTICES_WAITING_MAX + 3; count++) notices.send(notice(`n${count}`));
    expect(said).toHaveLength(2);
    expect(said[0]).toContain('dropped, since 32 wait: notice n1');
    await notices.close(0);
  });
});
