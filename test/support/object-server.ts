/** A real S3-speaking server, PyPI's `moto[server]`, in the Python that ROCINANTE_MOTO names; and a way to it that can be cut. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const START_LIMIT_MS = 120_000;

/** The Python with moto; null where there is none. */
export function findMoto(): string | null {
  const { ROCINANTE_MOTO: named } = process.env;
  return named !== undefined && existsSync(named) ? named : null;
}

export const NO_MOTO = 'needs ROCINANTE_MOTO, a Python with moto[server]';

/** Answers that a request without credentials still gets: so many that none is refused. */
const ALL_ANSWERED = '1000000';

export class ObjectServer {
  readonly port: number;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, port: number) {
    this.#process = process;
    this.port = port;
  }

  /** Starts one, empty: what it holds is in its memory. @param port that of one before; 0 for a free one. */
  static async start(python: string, port = 0): Promise<ObjectServer> {
    const child = spawn(python, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let log = '';
    const found = await new Promise<number>((resolve, reject) => {
      const fail = (): void => reject(new Error(`moto does not listen:\n${log}`));
      const timer = setTimeout(fail, START_LIMIT_MS);
      child.on('error', reject).on('close', fail);
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        log += text;
        const [, listening] = /Running on http:\/\/127\.0\.0\.1:(\d+)/.exec(log) ?? [];
        if (listening === undefined) return;
        clearTimeout(timer);
        resolve(Number(listening));
      });
    });
    return new ObjectServer(child, found);
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async makeBucket(name: string): Promise<void> {
    const response = await fetch(`${this.endpoint}/${name}`, { method: 'PUT', headers: s3Headers });
    if (!response.ok) throw new Error(`the bucket was not made: ${response.status}`);
  }

  /** Whether credentials are looked at from now on: then nobody has any that are right. */
  async checkCredentials(checked: boolean): Promise<void> {
    const body = checked ? '0' : ALL_ANSWERED;
    const response = await fetch(`${this.endpoint}/moto-api/reset-auth`, { method: 'POST', body });
    if (!response.ok) throw new Error(`reset-auth: ${response.status}`);
  }

  /** Uploads in parts that were begun and neither finished nor given up. */
  async uploadsUnderWay(bucket: string): Promise<number> {
    const response = await fetch(`${this.endpoint}/${bucket}?uploads`, { headers: s3Headers });
    return [...(await response.text()).matchAll(/<UploadId>/g)].length;
  }

  /** Stops it in the middle of whatever it does, or lets it go on. */
  hang(hangs: boolean): void {
    this.#process.kill(hangs ? 'SIGSTOP' : 'SIGCONT');
  }

  /** Ends it at once, with all that it holds. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill('SIGKILL');
    await once(this.#process, 'close');
  }
}

/** What makes moto take a request for one to S3. */
const s3Headers = {
  authorization:
    'AWS4-HMAC-SHA256 Credential=id/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0',
};

/** A way to a server that can be cut. */
export class CutProxy {
  /** How many bytes go up before everything is cut, once. */
  cutAfter = Infinity;
  /** Bytes that went up. */
  passed = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  private constructor(to: () => number) {
    this.#server = createServer((down) => this.#passOn(down, to()));
  }

  /** @param to the port of the server, at each connection. */
  static async start(to: () => number): Promise<CutProxy> {
    const proxy = new CutProxy(to);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Cuts all connections, and those that come; or lets them through again. */
  cut(isCut: boolean): void {
    this.#isCut = isCut;
    if (isCut) for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.cut(true);
    this.#server.close();
  }

  #passOn(down: Socket, port: number): void {
    if (this.#isCut) {
      down.destroy();
      return;
    }
    const up = connect(port, '127.0.0.1');
    down.on('data', (piece: Buffer) => {
      this.passed += piece.length;
      this.cutAfter -= piece.length;
      if (this.cutAfter < 0) {
        this.cutAfter = Infinity;
        down.destroy();
        return;
      }
      if (!up.write(piece)) down.pause();
    });
    up.on('drain', () => down.resume());
    up.pipe(down);
    for (const [one, other] of [
      [down, up],
      [up, down],
    ]) {
      this.#sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }
}
