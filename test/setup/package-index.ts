import { createServer, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** What the index does when it is asked for the wheel. */
export type Behaviour =
  | 'whole'
  /** Sends half of it and then nothing. */
  | 'stalls'
  /** Sends half of it and breaks the connection. */
  | 'cuts';

/** A wheel as an index has it. */
export interface IndexedWheel {
  package: string;
  fileName: string;
  wheel: Buffer;
}

/** A Python package index on this machine that holds some wheels. */
export class PackageIndex {
  behaviour: Behaviour = 'whole';
  /** The package that the behaviour is for; undefined for all. */
  misbehaving: string | undefined;
  /** The packages whose wheels were asked for, each as often as it was. */
  readonly requests: string[] = [];
  private readonly server: Server;
  private halfSent: () => void = () => undefined;

  private constructor(wheels: readonly IndexedWheel[]) {
    this.server = createServer((request, response) => {
      const page = wheels.find((one) => request.url === `/simple/${one.package}/`);
      const file = wheels.find(({ fileName }) => request.url === `/files/${fileName}`);
      if (page !== undefined) {
        response.setHeader('content-type', 'text/html');
        response.end(`<!DOCTYPE html><a href="/files/${page.fileName}">${page.fileName}</a>`);
      } else if (file !== undefined) {
        this.requests.push(file.package);
        this.sendWheel(response, file);
      } else {
        response.writeHead(404).end();
      }
    });
  }

  static async start(...wheels: IndexedWheel[]): Promise<PackageIndex> {
    const index = new PackageIndex(wheels);
    index.server.listen(0, '127.0.0.1');
    await once(index.server, 'listening');
    return index;
  }

  /** How often a wheel was asked for. */
  get requestCount(): number {
    return this.requests.length;
  }

  /** Forgets what was asked, and behaves. */
  reset(): void {
    this.requests.length = 0;
    this.behaviour = 'whole';
    this.misbehaving = undefined;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/simple`;
  }

  /** Resolves once half of the wheel has been sent to somebody. */
  whenHalfSent(): Promise<void> {
    return new Promise((resolve) => (this.halfSent = resolve));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private sendWheel(response: ServerResponse, { package: name, wheel }: IndexedWheel): void {
    response.writeHead(200, { 'content-length': wheel.length, 'content-type': 'application/zip' });
    if (this.behaviour === 'whole' || (this.misbehaving !== undefined && this.misbehaving !== name)) {
      response.end(wheel);
      return;
    }
    response.write(wheel.subarray(0, wheel.length >> 1), () => {
      if (this.behaviour === 'cuts') response.destroy();
      this.halfSent();
    });
  }
}
