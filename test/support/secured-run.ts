import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { ServiceError } from '@grpc/grpc-js';
import { expect } from 'vitest';
import { bookLine, newToken, type ClientSecurity } from '@rocinante/access';
import { dial, dialRuns, type RunsClient } from '@rocinante/wire';
import { Daemon, type RunJson } from './daemon.js';
import { LightWorker } from './light-worker.js';
import { Refusals } from './refusals.js';
import { ENDLESS } from './open-end.js';
import type { Workspace } from './rocinante.js';
import { TestAuthority, TestBook } from './secured.js';
import { smallText } from './small-run.js';

/** Of a micro-batch: of a worker that takes its time, so that there are not many steps to be taken again, and of one that does not. */
const SLOW_MS = 50;
const QUICK_MS = 1;

/**
 * A run that strangers must not disturb, of a coordinator that asks for certificates and tokens: one light worker plays it
 * while all comes that is to be refused, one case after the other, and then another as far, alone.
 */
export class SecuredRun {
  run!: RunJson;
  #worker!: LightWorker;
  readonly #refusals: Refusals;
  #order!: readonly string[];

  private constructor(
    readonly daemon: Daemon,
    readonly book: TestBook,
    /** The authority that the coordinator believes, and another. */
    readonly ours: TestAuthority,
    readonly theirs: TestAuthority,
    /** A client's certificate of the authority. */
    readonly ownFiles: { readonly certFile: string; readonly keyFile: string },
    /** A client of the authority, without a token. */
    readonly own: Pick<ClientSecurity, 'ca' | 'cert' | 'key'> & { readonly ca: Buffer },
    /** A reader's token that may be taken away: `guest` in the book. */
    readonly guest: string,
  ) {
    this.#refusals = new Refusals(daemon);
  }

  /** Begins it, and waits for its first step. */
  static async start(workspace: Workspace): Promise<SecuredRun> {
    const [ours, theirs] = await Promise.all([
      TestAuthority.make(workspace, 'ours'),
      TestAuthority.make(workspace, 'theirs'),
    ]);
    const book = new TestBook(workspace);
    const guest = newToken();
    appendFileSync(book.bookFile, `${bookLine('reader', 'guest', guest)}\n`);
    const server = await ours.issue('coordinator');
    const ownFiles = await ours.issue('client');
    const own = material(ours, ownFiles);
    const daemon = await Daemon.start({
      data: workspace.in('data'),
      args: [
        ...['--tls-cert', server.certFile, '--tls-key', server.keyFile],
        ...['--tls-ca', ours.caFile, '--token-file', book.bookFile],
      ],
      operator: {
        args: [
          ...['--tls-ca', ours.caFile, '--tls-cert', ownFiles.certFile],
          ...['--tls-key', ownFiles.keyFile, '--token-file', book.files.operator],
        ],
        client: { ...own, token: book.tokens.operator },
      },
    });
    const secured = new SecuredRun(daemon, book, ours, theirs, ownFiles, own, guest);
    try {
      await secured.#begin(workspace);
    } catch (error) {
      await secured.end();
      throw error;
    }
    return secured;
  }

  async #begin(workspace: Workspace): Promise<void> {
    const { daemon } = this;
    const config = workspace.write('config.json', {
      preset: 'quick',
      network: { input: 'one-hot', layers: [{ units: 32, dropout: 0 }] },
      text: { window: 20, stride: 20 },
      batch: { size: 8, microBatch: 2 },
      steps: ENDLESS,
    });
    this.#order = ['--config', config, '--corpus', workspace.write('corpus.txt', smallText(30_000))];
    this.#worker = this.#lightWorker('slow', SLOW_MS);
    this.run = await daemon.startRun(this.#order);
    await daemon.stepsTaken(this.run.id, 1);
  }

  #lightWorker(name: string, computeMs: number): LightWorker {
    const security = { ...this.own, token: this.book.tokens.worker };
    return new LightWorker(this.daemon.grpc, name, { computeMs, security });
  }

  /** Ends all at once. */
  async end(): Promise<void> {
    this.#worker?.leave();
    await this.daemon.end();
  }

  /** Fails where the run does not end as another that nobody comes to, others had a part in it, or the log has a token. */
  async endsUndisturbed(): Promise<void> {
    const { daemon, book, run } = this;
    this.#worker.computeMs = QUICK_MS;
    const { state, step, weightsSha256 } = await daemon.toItsEnd(run.id);
    expect(state).toBe('done');
    const joined = daemon.events(run.id).filter(({ event }) => event === 'worker-joined');
    expect(new Set(joined.map((entry) => entry.worker))).toEqual(new Set(['slow']));
    this.#worker.leave();
    this.#worker = this.#lightWorker('alone', QUICK_MS);
    const alone = (await daemon.startRun([...this.#order, '--steps', String(step)])).id;
    expect(await daemon.ended(alone, 180_000)).toMatchObject({ state: 'done', step, weightsSha256 });
    const acts = this.audited().filter(({ act, outcome }) => act === 'start' && outcome === 'done');
    expect(acts.map(({ by, what }) => [by, what])).toEqual([
      ['some-operator', run.id],
      ['some-operator', alone],
    ]);
    const written = JSON.stringify([daemon.log, this.#file('audit.jsonl'), this.#file('refused.jsonl')]);
    for (const token of [...Object.values(book.tokens), this.guest]) expect(written).not.toContain(token);
  }

  /**
   * Does what is to be refused. Fails where the coordinator tells anything else of it than this, or the run does not go on: see
   * `Refusals.are`.
   */
  async refuses(codes: readonly string[], attempt: () => Promise<readonly unknown[]>): Promise<void> {
    await this.#refusals.are(codes, attempt);
    await this.goesOn();
  }

  /** Waits until the run has taken another step. */
  async goesOn(): Promise<void> {
    const { daemon, run } = this;
    const taken = daemon.events(run.id).findLast(({ event }) => event === 'step')!.step as number;
    await daemon.stepsTaken(run.id, taken + 1);
  }

  /** What is on record of operators' acts. */
  audited(): Record<string, unknown>[] {
    const lines = this.#file('audit.jsonl').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** A file of the coordinator's folder; empty before it is there. */
  #file(name: string): string {
    const path = join(this.daemon.data, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  /** A certificate of an authority, as a client has it that believes ours. */
  async credentials(
    authority: TestAuthority,
    name: string,
    options: { expired?: boolean } = {},
  ): Promise<{ ca: Buffer; cert: Buffer; key: Buffer }> {
    return material(this.ours, await authority.issue(name, options));
  }

  /** How an operator's call ends. */
  async asOperator(
    security: ClientSecurity,
    call: (client: RunsClient, done: (error: ServiceError | null) => void) => unknown,
  ): Promise<ServiceError | null> {
    const client = dialRuns(this.daemon.grpc, security);
    try {
      return await new Promise<ServiceError | null>((resolve) => call(client, resolve));
    } finally {
      client.close();
    }
  }

  /** How a worker's attempt to join ends. */
  async asWorker(security: ClientSecurity): Promise<ServiceError> {
    const client = dial(this.daemon.grpc, security);
    try {
      const call = client.work();
      call.write({ hello: { protocolMin: 1, protocolMax: 1, name: 'stranger', threads: 1 } });
      return await new Promise((resolve) => call.on('error', resolve as (error: Error) => void).resume());
    } finally {
      client.close();
    }
  }

  /** A connection over TLS, with a client's certificate, on which nothing was said yet. */
  async tlsTo(address: string): Promise<TLSSocket> {
    const [host, port] = address.split(':');
    const ALPNProtocols = ['h2', 'http/1.1'];
    const socket = connectTls({ host, port: Number(port), ...this.own, ALPNProtocols });
    socket.on('error', () => undefined).resume();
    await once(socket, 'secureConnect');
    return socket;
  }

  /** What a request over HTTP/1.1 is answered: its status. @param lines the head's lines, the first one first. */
  async ask(lines: readonly string[], body = ''): Promise<number> {
    const socket = await this.tlsTo(this.daemon.http);
    let text = '';
    socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
    socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n${body}`);
    await closed(socket);
    return Number(/^HTTP\/1\.1 (\d+) /.exec(text)?.[1]);
  }

  /** A page's status, as the holder of a token is given it. */
  page(path: string, token: string | null): Promise<number> {
    const authorization = token === null ? [] : [`Authorization: Bearer ${token}`];
    return this.ask([`GET ${path} HTTP/1.1`, 'Host: here', ...authorization]);
  }
}

/** By which the other side calls a connection of ours. */
export function nameOf({ localAddress, localPort }: Socket): string {
  return `${localAddress}:${localPort}`;
}

/** A reset is an end like another. */
export function closed(connection: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve) => connection.once('close', () => resolve()));
}

function material(
  believed: TestAuthority,
  { certFile, keyFile }: { readonly certFile: string; readonly keyFile: string },
): { ca: Buffer; cert: Buffer; key: Buffer } {
  return { ca: readFileSync(believed.caFile), cert: readFileSync(certFile), key: readFileSync(keyFile) };
}
