import { Client, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import type { ClientSecurity } from '@rocinante/access';
import { channelCredentials, PROTOCOL_VERSION, PROTOCOL_VERSION_MIN } from '@rocinante/wire';
import { REACH_TIMEOUT_MS } from './limits.js';

/** How a call went. */
export interface CallEnd {
  readonly status: status;
  readonly details: string;
  readonly bytes: Buffer;
  readonly ms: number;
  /** The other side's clock, in whole seconds since 1970; null where it says nothing. */
  readonly dateSeconds: number | null;
}

/** Pool of which doctor is a worker for a moment: no run is of it. */
export const DOCTOR_POOL = 'doctor';

/**
 * Calls by their paths and bytes: what is asked here has few fields, and the answer matters less than how it comes. It knows
 * nothing of the release, so it can speak with another one.
 */
export class CoordinatorProbe {
  readonly #client: Client;
  readonly #metadata = new Metadata();

  constructor(address: string, security: ClientSecurity) {
    const { token, client } = security;
    this.#client = new Client(address, channelCredentials(address, security), {
      'grpc.enable_retries': 0,
      'grpc.use_local_subchannel_pool': 1,
      ...(client !== undefined && { 'grpc.primary_user_agent': client }),
    });
    if (token !== null) this.#metadata.set('authorization', `Bearer ${token}`);
  }

  close(): void {
    this.#client.close();
  }

  /** A call with one answer, such as `/rocinante.training.v1.Runs/List`. */
  ask(path: string, request: Buffer): Promise<CallEnd> {
    return new Promise((resolve) => {
      const began = performance.now();
      let dateSeconds: number | null = null;
      const options = { deadline: Date.now() + REACH_TIMEOUT_MS };
      const answered = (error: ServiceError | null, bytes?: Buffer): void =>
        resolve({
          status: error?.code ?? status.OK,
          details: error?.details ?? '',
          bytes: bytes ?? Buffer.alloc(0),
          ms: performance.now() - began,
          dateSeconds,
        });
      const call = this.#client.makeUnaryRequest(
        path,
        same,
        same,
        request,
        this.#metadata,
        options,
        answered,
      );
      call.on('metadata', (metadata: Metadata) => {
        const at = Date.parse(String(metadata.get('date')[0] ?? ''));
        dateSeconds = Number.isNaN(at) ? null : at / 1000;
      });
    });
  }

  /** Joins as a worker of a pool that no run is of, and leaves: the protocol's version that both speak. */
  join(name: string): Promise<CallEnd & { readonly protocol: number | null }> {
    return new Promise((resolve) => {
      const began = performance.now();
      const path = '/rocinante.training.v1.Training/Work';
      const options = { deadline: Date.now() + REACH_TIMEOUT_MS };
      const call = this.#client.makeBidiStreamRequest(path, same, same, this.#metadata, options);
      let answered = false;
      const end = (code: status, details: string, bytes: Buffer = Buffer.alloc(0)): void => {
        if (answered) return;
        answered = true;
        const ms = performance.now() - began;
        const answer = { status: code, details, bytes, ms, dateSeconds: null, protocol: welcomedTo(bytes) };
        // The coordinator ends the call when it has heard that it was left, and takes nobody for lost; one that does not is left so.
        const timer = setTimeout(() => {
          call.cancel();
          resolve(answer);
        }, LEAVE_MS);
        call.once('status', () => {
          clearTimeout(timer);
          resolve(answer);
        });
        call.end();
      };
      call.on('data', (bytes: Buffer) => end(status.OK, '', bytes));
      call.on('error', (error: ServiceError) => end(error.code, error.details));
      call.on('end', () => end(status.UNKNOWN, 'the session ended without a word'));
      call.write(hello(name));
    });
  }
}

const LEAVE_MS = 500;

function same(bytes: Buffer): Buffer {
  return bytes;
}

/** WorkerMessage, whose field 1 is Hello: versions 1 and 2, name 3, threads 5, pool 6. */
function hello(name: string): Buffer {
  const text = (field: number, value: string): Buffer => {
    const bytes = Buffer.from(value).subarray(0, 64);
    return Buffer.concat([Buffer.of((field << 3) | 2, bytes.length), bytes]);
  };
  const numbers = Buffer.of(8, PROTOCOL_VERSION_MIN, 16, PROTOCOL_VERSION);
  const body = Buffer.concat([numbers, text(3, name), Buffer.of(40, 1), text(6, DOCTOR_POOL)]);
  // Bodies of up to 127 bytes have a length of one.
  return Buffer.concat([Buffer.of(10, body.length), body]);
}

/** CoordinatorMessage, whose field 1 is Welcome, whose field 1 is the version; null for anything else. */
function welcomedTo(bytes: Buffer): number | null {
  return bytes.length > 4 && bytes[0] === 10 && bytes[2] === 8 ? bytes[3] : null;
}
