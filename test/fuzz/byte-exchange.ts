/** An exchange of bytes that may be anything, with a server of this process. */
import { connect } from 'node:net';

/** What came back, kept up to so many bytes. */
const ANSWER_BYTES_MAX = 1 << 20;

/** When a connection is over. Times in milliseconds. */
export interface Patience {
  /** How long nothing has come when the server is taken to have said all; 0 ends our side at once. */
  readonly quietMs: number;
  /** Whether what came is the last. */
  readonly isOver: (answer: Buffer) => boolean;
  /** How long the server may take to close what our side has ended, before it is reset. */
  readonly closeMs: number;
}

export interface RawAnswer {
  readonly bytes: Buffer;
  /** Whether the server closed it. */
  readonly closed: boolean;
}

/** Writes bytes and ends our side, once the server has said what it has to say. */
export function exchangeBytes(
  port: number,
  bytes: Uint8Array,
  { quietMs, isOver, closeMs }: Patience,
): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const parts: Buffer[] = [];
    let length = 0;
    let closed = true;
    let giveUp: NodeJS.Timeout | undefined;
    const end = (): void => {
      if (socket.destroyed) return;
      socket.end();
      giveUp ??= setTimeout(() => {
        closed = false;
        socket.resetAndDestroy();
      }, closeMs);
    };
    const quiet = setTimeout(() => {
      // The server is in this process: where that had no processor, what it says comes in the next turn.
      const before = length;
      setImmediate(() => setImmediate(() => (length === before ? end() : quiet.refresh())));
    }, quietMs);
    socket.on('data', (part: Buffer) => {
      if (length < ANSWER_BYTES_MAX) parts.push(part);
      length += part.byteLength;
      if (isOver(part)) end();
      else quiet.refresh();
    });
    // A server that resets is one that refuses.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(giveUp);
      clearTimeout(quiet);
      resolve({ bytes: Buffer.concat(parts), closed });
    });
    socket.write(bytes);
    if (quietMs === 0) end();
  });
}
