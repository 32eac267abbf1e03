/**
 * What `rocinante certs` makes, in the hands of node:tls on a loopback socket: both sides believe each other, and whoever
 * comes without a certificate, with that of another authority, or to another name is refused by name.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type ConnectionOptions, type Server } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rocinante, Workspace } from '../support/rocinante.js';

const workspace = new Workspace();
const made = workspace.in('made');
const other = workspace.in('other');
let server: Server;

beforeAll(async () => {
  for (const out of [made, other]) {
    const { code } = await rocinante(['certs', '--out', out, '--name', 'trainer.lan', '--days', '2']);
    expect(code).toBe(0);
  }
  // It answers those whom it does not believe, to say why: a server that refuses them says nothing.
  server = createServer(
    {
      ...identity(made, 'coordinator'),
      ca: file(made, 'ca.crt'),
      requestCert: true,
      rejectUnauthorized: false,
    },
    (socket) => {
      const name = String(socket.getPeerCertificate().subject?.CN);
      const refusal = socket.authorizationError as unknown;
      socket.on('error', () => undefined).end(socket.authorized ? `welcome ${name}` : String(refusal));
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}, 120_000);

afterAll(() => {
  server?.close();
  workspace.remove();
});

function file(folder: string, name: string): Buffer {
  return readFileSync(`${folder}/${name}`);
}

function identity(folder: string, owner: string): { cert: Buffer; key: Buffer } {
  return { cert: file(folder, `${owner}.crt`), key: file(folder, `${owner}.key`) };
}

/** What the server says, or the code of why it could not. */
async function greeting(options: ConnectionOptions): Promise<string> {
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1', ca: file(made, 'ca.crt'), ...options });
  let said = '';
  socket.setEncoding('utf8').on('data', (text: string) => (said += text));
  return new Promise((resolve) => {
    socket.on('end', () => resolve(said));
    socket.on('error', ({ code, message }: NodeJS.ErrnoException) => resolve(code ?? message));
  });
}

it('both sides believe each other, under each name', async () => {
  for (const owner of ['worker', 'operator']) {
    expect(await greeting({ ...identity(made, owner), servername: 'trainer.lan' })).toBe(`welcome ${owner}`);
  }
  expect(await greeting({ ...identity(made, 'worker'), servername: 'localhost' })).toBe('welcome worker');
  expect(await greeting(identity(made, 'worker'))).toBe('welcome worker');
});

it('strangers are refused', async () => {
  expect(await greeting({ servername: 'trainer.lan' })).toBe('UNABLE_TO_GET_ISSUER_CERT');
  const stranger = { ...identity(other, 'worker'), servername: 'trainer.lan' };
  expect(await greeting(stranger)).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  const worker = identity(made, 'worker');
  expect(await greeting({ ...worker, ca: file(other, 'ca.crt'), servername: 'trainer.lan' })).toMatch(
    /SIGNATURE|ISSUER|SELF_SIGNED|VERIFY/,
  );
  expect(await greeting({ ...worker, servername: 'another.lan' })).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
});

it('a client’s certificate makes no server', async () => {
  const impostor = createServer(identity(made, 'worker'), (socket) =>
    socket.on('error', () => undefined).end('x'),
  );
  impostor.listen(0, '127.0.0.1');
  await once(impostor, 'listening');
  const { port } = impostor.address() as AddressInfo;
  try {
    const refused = await greeting({ port, checkServerIdentity: () => undefined });
    expect(refused).toBe('INVALID_PURPOSE');
  } finally {
    impostor.close();
  }
});
