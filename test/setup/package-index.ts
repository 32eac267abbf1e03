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

/** A Python package index on this machine that holds one wheel. */
export class PackageIndex {
  behaviour: Behaviour = 'whole';
  /** How often the wheel was asked for. */
  requestCount = 0;
  private readonly server: Server;
  private halfSent: () => void = () => undefined;

  private constructor(
    private readonly packageName: string,
    private readonly fileName: string,
    private readonly wheel: Buffer,
  ) {
    this.server = createServer((request, response) => {
      if (request.url === `/simple/${this.packageName}/`) {
        response.setHeader('content-type', 'text/html');
        response.end(`<!DOCTYPE html><a href="/files/${this.fileName}">${this.fileName}</a>`);
      } else if (request.url === `/files/${this.fileName}`) {
        this.requestCount += 1;
        this.sendWheel(response);
      } else {
        response.writeHead(404).end();
      }
    });
  }

  static async start(packageName: string, fileName: string, wheel: Buffer): Promise<PackageIndex> {
    const index = new PackageIndex(packageName, fileName, wheel);
    index.server.listen(0, '127.0.0.1');
    await once(index.server, 'listening');
    return index;
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

  private sendWheel(response: ServerResponse): void {
    response.writeHead(200, { 'content-length': this.wheel.length, 'content-type': 'application/zip' });
    if (this.behaviour === 'whole') {
      response.end(this.wheel);
      return;
    }
    response.write(this.wheel.subarray(0, this.wheel.length >> 1), () => {
      if (this.behaviour === 'cuts') response.destroy();
      this.halfSent();
    });
  }
}
