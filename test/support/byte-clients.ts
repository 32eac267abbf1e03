import { once } from 'node:events';
import http2, { type IncomingHttpHeaders, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { connect, type Socket } from 'node:net';

/** A TCP connection that keeps to no protocol: what came over it, and its end. */
export class RawConnection {
  readonly socket: Socket;
  /** The other side closed it, or this one did. */
  readonly closed: Promise<void>;
  /** `address:port` of this side, by which the other side calls it; empty before it is connected. */
  name = '';
  #received = '';

  private constructor(address: string) {
    const colon = address.lastIndexOf(':');
    this.socket = connect(Number(address.slice(colon + 1)), address.slice(0, colon));
    this.socket.once('connect', () => {
      this.name = `${this.socket.localAddress}:${this.socket.localPort}`;
    });
    this.socket.on('data', (bytes: Buffer) => (this.#received += bytes.toString('latin1')));
    // A reset is an end like another.
    this.socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve()));
  }

  /** Connects, and sends something; nothing by default. */
  static async open(address: string, bytes: string | Uint8Array = ''): Promise<RawConnection> {
    const connection = new RawConnection(address);
    await Promise.race([once(connection.socket, 'connect'), connection.closed]);
    if (bytes.length > 0) connection.socket.write(bytes);
    return connection;
  }

  /** What has come until now, a character a byte. */
  get received(): string {
    return this.#received;
  }
}

/** A gRPC call whose bytes the test writes itself: a frame may be cut, or promise more than comes. */
export class RawCall {
  readonly session: ClientHttp2Session;
  readonly stream: ClientHttp2Stream;

  /** @param method such as `/rocinante.training.v1.Training/Contribute`. */
  constructor(address: string, method: string) {
    this.session = http2.connect(`http://${address}`);
    this.session.on('error', () => undefined);
    this.stream = this.session.request({
      ':method': 'POST',
      ':path': method,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    this.stream.on('error', () => undefined);
    this.stream.resume();
  }

  /** The status that the call ends with, and its words. */
  async status(): Promise<{ readonly code: number; readonly details: string }> {
    const headers = await new Promise<IncomingHttpHeaders>((resolve) => {
      this.stream.once('response', (answer) => {
        if ('grpc-status' in answer) resolve(answer);
      });
      this.stream.once('trailers', (answer) => resolve(answer as IncomingHttpHeaders));
      this.stream.once('close', () => resolve({}));
    });
    return {
      code: Number(headers['grpc-status']),
      details: decodeURI([headers['grpc-message'] ?? ''].flat()[0]),
    };
  }

  /** Cuts the connection, whatever is on its way. */
  cut(): void {
    this.session.destroy();
  }
}

/** A message as gRPC frames it: one byte for no compression, four for the length. */
export function framed(message: Uint8Array, announced = message.length): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(announced, 1);
  return Buffer.concat([head, message]);
}
