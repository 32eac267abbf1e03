// Goal: the book arrives whole or not at all, and each way to fail has its own line. Method: a real server on 127.0.0.1,
// whose answers the test gives; limits are shortened where time is what fails.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@rocinante/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchQuijote, type FetchOptions } from './book-fetch.js';
import { BookAddressError, BookFetchError } from './errors.js';

const BOOK = `${'Otra línea de prueba, tan larga como las del libro.\n'.repeat(40_000)}`;
const FILE = Buffer.from(
  'Title: Don Quijote\n*** START OF THE PROJECT GUTENBERG EBOOK DON QUIJOTE ***\n' +
    `${BOOK}*** END OF THE PROJECT GUTENBERG EBOOK DON QUIJOTE ***\nLicence\n`,
);

let cache: string;
let server: Server;
let address: string;
let answer: RequestListener;

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'rocinante-fetch-'));
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(cache, { recursive: true, force: true });
});

function fetchFrom(url: string, options: Partial<FetchOptions> = {}): ReturnType<typeof fetchQuijote> {
  return fetchQuijote({ url, environment: { ROCINANTE_CACHE: cache }, ...options });
}

async function failureOf(fetching: Promise<unknown>): Promise<BookFetchError> {
  const error: unknown = await fetching.then(
    () => 'fetched',
    (reason: unknown) => reason,
  );
  if (error instanceof BookFetchError) return error;
  throw new Error(`expected a BookFetchError, received ${String(error)}`);
}

const serveBook: RequestListener = (_, response) => {
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'content-length': FILE.length });
  response.end(FILE);
};

describe('fetchQuijote', () => {
  it('writes the checked book, tells its progress, and replaces an older one', async () => {
    answer = serveBook;
    await mkdir(join(cache, 'corpus'));
    await writeFile(join(cache, 'corpus', 'quijote.txt'), 'older');
    const progress: [number, number | null][] = [];
    const fetched = await fetchFrom(`${address}/book.txt`, {
      onProgress: (received, total) => progress.push([received, total]),
    });
    const written = await readFile(fetched.path);
    expect(written.toString() === BOOK).toBe(true);
    expect(fetched).toEqual({
      path: join(cache, 'corpus', 'quijote.txt'),
      url: `${address}/book.txt`,
      bytes: written.length,
      sha256: sha256(written),
    });
    expect(progress.at(-1)).toEqual([FILE.length, FILE.length]);
    expect((await stat(fetched.path)).mode & 0o777).toBe(0o644);
    expect(await readdir(join(cache, 'corpus'))).toEqual(['quijote.txt']);
  });

  it('takes the address from the environment where no option names one', async () => {
    answer = serveBook;
    const environment = { ROCINANTE_CACHE: cache, ROCINANTE_QUIJOTE_URL: `${address}/mirror` };
    expect((await fetchQuijote({ environment })).url).toBe(`${address}/mirror`);
  });

  it('takes a body without a length or a type', async () => {
    answer = (_, response) => response.end(FILE);
    await expect(fetchFrom(address)).resolves.toMatchObject({ bytes: Buffer.byteLength(BOOK) });
  });

  it('follows redirections, also relative ones, but not for ever', async () => {
    answer = (request, response) => {
      const hop = Number(request.url!.slice(1));
      if (hop === 0) serveBook(request, response);
      else response.writeHead(302, { location: `/${hop - 1}` }).end();
    };
    await expect(fetchFrom(`${address}/5`)).resolves.toMatchObject({ url: `${address}/5` });
    const error = await failureOf(fetchFrom(`${address}/6`));
    expect(error.message).toBe(`quijote, ${address}/1: expected at most 5 redirections, received more`);
  });

  it.each([404, 403, 500, 503, 204])('refuses status %i', async (status) => {
    answer = (_, response) => response.writeHead(status).end();
    const error = await failureOf(fetchFrom(address));
    expect(error).toMatchObject({ failure: 'status', exitCode: 1 });
    expect(error.message).toMatch(
      new RegExp(
        `expected status 200, received ${status}[ \\w]*; name another address with .*--corpus FILE$`,
      ),
    );
  });

  it('notices a transfer that was cut, with and without a length', async () => {
    for (const headers of [{ 'content-length': FILE.length }, {}]) {
      answer = (_, response) => {
        response.writeHead(200, headers);
        response.write(FILE.subarray(0, 100_000), () => setImmediate(() => response.destroy()));
      };
      const error = await failureOf(fetchFrom(address));
      expect(error.failure).toBe('cut');
      expect(error.message).toMatch(/received \d+ bytes before the transfer was cut; try again$/);
    }
    expect(await readdir(cache)).toEqual([]);
  });

  it('refuses another text, and keeps the older file', async () => {
    answer = (_, response) =>
      response.writeHead(200, { 'content-type': 'text/plain' }).end('Call me Ishmael.');
    await mkdir(join(cache, 'corpus'));
    await writeFile(join(cache, 'corpus', 'quijote.txt'), 'older');
    expect((await failureOf(fetchFrom(address))).failure).toBe('wrong-text');
    expect(await readFile(join(cache, 'corpus', 'quijote.txt'), 'utf8')).toBe('older');
  });

  it('refuses a page', async () => {
    answer = (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
    expect((await failureOf(fetchFrom(address))).message).toMatch(
      /expected plain text, received text\/html$/,
    );
  });

  it('refuses more than the limit, announced or not', async () => {
    const limits = { bytesMax: 1000 };
    answer = serveBook;
    const announced = await failureOf(fetchFrom(address, { limits }));
    expect(announced.message).toContain(`expected at most 1000 bytes, received ${FILE.length}`);
    answer = (_, response) => response.end(FILE);
    expect((await failureOf(fetchFrom(address, { limits }))).failure).toBe('too-large');
  });

  it('gives up on a server that does not answer', async () => {
    answer = () => undefined;
    const error = await failureOf(fetchFrom(address, { limits: { answerTimeoutMs: 50 } }));
    expect(error.failure).toBe('timeout');
    expect(error.message).toContain('no answer came within 0.05 s; check the network');
  });

  it('gives up on a transfer that stands still', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': FILE.length });
      response.write('Title');
    };
    const error = await failureOf(fetchFrom(address, { limits: { stallTimeoutMs: 50 } }));
    expect(error.failure).toBe('timeout');
    expect(error.message).toContain('after 5 bytes nothing came for 0.05 s; check the network');
  });

  it('gives up on a transfer that takes too long in all', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': FILE.length });
      const drip = setInterval(() => response.write('x'), 10);
      response.on('close', () => clearInterval(drip));
    };
    const error = await failureOf(fetchFrom(address, { limits: { totalTimeoutMs: 100 } }));
    expect(error.message).toContain('the transfer was not done within 0.1 s');
  });

  it('says what the network said', async () => {
    const closed = address;
    server.close();
    const error = await failureOf(fetchFrom(closed));
    expect(error).toMatchObject({ failure: 'unreachable', exitCode: 1 });
    expect(error.message).toMatch(
      /cannot reach it: .*ECONNREFUSED.*; check the network, name another address with .*--corpus FILE$/,
    );
    server = createServer().listen(0);
  });

  it('ends with the reason of an aborted signal', async () => {
    const controller = new AbortController();
    answer = () => controller.abort(new Error('Ctrl-C'));
    await expect(fetchFrom(address, { signal: controller.signal })).rejects.toThrow('Ctrl-C');
    await expect(fetchFrom(address, { signal: controller.signal })).rejects.toThrow('Ctrl-C');
  });

  it.each(['book.txt', 'ftp://host/book.txt', 'file:///etc/passwd', ''])(
    'refuses the address %j',
    async (url) => {
      const fetching = fetchFrom(url);
      await expect(fetching).rejects.toThrow(BookAddressError);
      await expect(fetching).rejects.toMatchObject({ exitCode: 2, address: url });
    },
  );

  it('refuses a redirection to another scheme', async () => {
    answer = (_, response) => response.writeHead(301, { location: 'file:///etc/passwd' }).end();
    await expect(fetchFrom(address)).rejects.toThrow(BookAddressError);
  });

  it('says that the cache cannot be written', async () => {
    answer = serveBook;
    await writeFile(join(cache, 'corpus'), 'a file where a folder must be');
    const error = await failureOf(fetchFrom(address));
    expect(error).toMatchObject({ failure: 'disk', subject: join(cache, 'corpus', 'quijote.txt') });
  });
});
