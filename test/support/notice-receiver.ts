import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from './daemon.js';

/** What a receiver reads of a notice. */
export interface ReceivedNotice {
  readonly id: string;
  readonly kind: string;
  readonly run: { readonly id: string; readonly name: string };
  readonly step: number;
  readonly reason: string;
  readonly text: string;
  readonly goesOn?: boolean;
  readonly lost?: { readonly count: number; readonly workers: readonly string[] };
}

/** Somebody who is told of runs. It checks signatures as the documentation says, and knows nothing else of the sender. */
export class NoticeReceiver {
  /** What it answers; anything but 200 is taken for a failure, and what came is not kept. */
  status = 200;
  readonly notices: ReceivedNotice[] = [];
  /** All that came with a good signature, also what was refused. */
  readonly seen: ReceivedNotice[] = [];
  readonly #secret: string;
  readonly #server: Server;

  private constructor(secret: string) {
    this.#secret = secret;
    this.#server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const body = Buffer.concat(pieces);
        const isSigned = this.#isSigned(request.headers['x-rocinante-signature'], body);
        const status = isSigned ? this.status : 401;
        if (isSigned) this.seen.push(JSON.parse(body.toString()) as ReceivedNotice);
        if (status === 200) this.notices.push(this.seen.at(-1)!);
        response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end();
      });
    });
  }

  static async start(secret: string): Promise<NoticeReceiver> {
    const receiver = new NoticeReceiver(secret);
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  /** `host:port` */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  of(run: string, kind?: string): ReceivedNotice[] {
    return this.notices.filter(
      (notice) => notice.run.id === run && (kind === undefined || notice.kind === kind),
    );
  }

  async gets(run: string, kind: string): Promise<ReceivedNotice> {
    await until(`notice ${kind} of ${run}`, () => this.of(run, kind).length > 0);
    return this.of(run, kind)[0];
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #isSigned(header: string | string[] | undefined, body: Buffer): boolean {
    const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(header)) ?? [];
    if (v1 === undefined || Math.abs(Number(t) - Date.now() / 1000) > 300) return false;
    const expected = createHmac('sha256', this.#secret).update(`${t}.`).update(body).digest();
    return timingSafeEqual(expected, Buffer.from(v1, 'hex'));
  }
}
