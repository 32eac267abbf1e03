import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { ServiceError } from '@grpc/grpc-js';
import { expect } from 'vitest';
import { bookLine, newToken, type ClientSecurity } from '@rocinante/access';
import { dial, dialRuns, type RunsClient } from '@rocinante/wire';
import { Daemon, until, type RunJson } from './daemon.js';
import { LightWorker } from './light-worker.js';
import type { Workspace } from './rocinante.js';
import { TestAuthority, TestBook } from './secured.js';
import { smallText } from './small-run.js';

const STEPS = 75;

/** Lines of one reason that the log takes in ten seconds: tests of one run come at the same time. */
const LINES_OF_A_REASON = 5;

/**
 * A run that strangers must not disturb, of a coordinator that asks for certificates and tokens: one light worker plays it
 * twice, alone, and while all comes that is to be refused.
 */
export class SecuredRun {
  run!: RunJson;
  #worker!: LightWorker;
  #undisturbed!: Record<string, unknown>;

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
  ) {}

  /** Plays it alone, begins it again, and waits for its first step. */
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
      await secured.#play(workspace);
    } catch (error) {
      await secured.end();
      throw error;
    }
    return secured;
  }

  async #play(workspace: Workspace): Promise<void> {
    const { daemon } = this;
    const config = workspace.write('config.json', {
      preset: 'quick',
      network: { input: 'one-hot', layers: [{ units: 32, dropout: 0 }] },
      text: { window: 20, stride: 20 },
      batch: { size: 8, microBatch: 2 },
      steps: STEPS,
    });
    const order = ['--config', config, '--corpus', workspace.write('corpus.txt', smallText(30_000))];
    const security = { ...this.own, token: this.book.tokens.worker };
    const quick = new LightWorker(daemon.grpc, 'quick', { computeMs: 1, security });
    this.#undisturbed = await daemon.ended((await daemon.startRun(order)).id);
    quick.leave();
    this.#worker = new LightWorker(daemon.grpc, 'slow', { computeMs: 30, security });
    this.run = await daemon.startRun(order);
    await daemon.stepsTaken(this.run.id, 1);
  }

  /** Ends all at once. */
  async end(): Promise<void> {
    this.#worker?.leave();
    await this.daemon.end();
  }

  /** Fails where the run does not end as it did alone, others had a part in it, or the log has a token. */
  async endsUndisturbed(): Promise<void> {
    const { daemon, book, run } = this;
    const ended = await daemon.ended(run.id);
    const { weightsSha256 } = this.#undisturbed;
    expect(ended).toMatchObject({ state: 'done', step: STEPS, weightsSha256 });
    const joined = daemon.events(run.id).filter(({ event }) => event === 'worker-joined');
    expect(joined.map((entry) => entry.worker)).toEqual(['slow']);
    const acts = this.audited().filter(({ act, outcome }) => act === 'start' && outcome === 'done');
    expect(acts.map(({ by, what }) => [by, what])).toEqual([
      ['some-operator', 'r1'],
      ['some-operator', run.id],
    ]);
    const written = JSON.stringify([daemon.log, this.audited()]);
    for (const token of [...Object.values(book.tokens), this.guest]) expect(written).not.toContain(token);
  }

  /** How often something was refused for this reason. */
  refused(why: string): Promise<number> {
    return this.daemon.metric(`rocinante_coordinator_refused_connections_total{why="${why}"}`);
  }

  /** Waits until so many refusals for this reason are counted, or more, since other tests come at the same time. */
  isCounted(why: string, times: number): Promise<void> {
    return until(`${times} of ${why} to be counted`, async () => (await this.refused(why)) >= times);
  }

  /**
   * Waits until the log and the file of refusals tell of one by these words; or have the lines that they take of its reason, and
   * more are counted.
   */
  async isTold(code: string, words: string): Promise<void> {
    const isIn = async (lines: readonly string[]): Promise<boolean> =>
      lines.some((line) => line.includes(words)) ||
      (lines.length >= LINES_OF_A_REASON && (await this.refused(code)) > lines.length);
    await until(`the log to tell of ${code}, ${words}`, () =>
      isIn(this.daemon.log.filter((line) => line.code === code).map(({ msg }) => msg)),
    );
    const what = (): string[] =>
      this.audited()
        .filter(({ refused }) => refused === code)
        .map((entry) => String(entry.what));
    await until(`the file of refusals to tell of ${code}, ${words}`, () => isIn(what()));
    expect(await this.refused(code)).toBeGreaterThan(0);
  }

  /** What both files have: of operators' acts, and of refusals. */
  audited(): Record<string, unknown>[] {
    const paths = ['audit.jsonl', 'refused.jsonl']
      .map((name) => join(this.daemon.data, name))
      .filter((path) => existsSync(path));
    const lines = paths.flatMap((path) => readFileSync(path, 'utf8').split('\n').slice(0, -1));
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
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

  /** A connection over TLS, without a client's certificate. */
  async tlsTo(address: string): Promise<TLSSocket> {
    const [host, port] = address.split(':');
    const { ca } = this.own;
    const socket = connectTls({ host, port: Number(port), ca, ALPNProtocols: ['h2', 'http/1.1'] });
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
