import { readSmallFile } from '@rocinante/access';
import { isLoopback } from '@rocinante/base';
import { UsageError } from '../errors.js';
import { SECRET_BYTES_MAX, SECRET_BYTES_MIN } from './limits.js';

const LINE_END_BYTES_MAX = 2;

/** What the options say. */
export interface NotifyOptions {
  /** It may hold a secret: it stands in no message. */
  readonly url: string;
  readonly secretFile: string | null;
  /** A run is stuck without a step for so long, at least. */
  readonly stuckSeconds: number;
  /** Whether plain http may go to another machine. */
  readonly insecure: boolean;
}

/** Where notices go. */
export interface NotifyTarget {
  readonly url: URL;
  /** What people are told of it: the host alone, since the rest may be a secret. */
  readonly host: string;
  /** Null: notices are not signed. */
  readonly secret: Uint8Array | null;
  readonly stuckMs: number;
}

/**
 * Checks the options. No message holds the address.
 * @throws {UsageError} the address is none, or plain http to another machine; the secret is too short.
 * @throws {AccessError} the secret cannot be read, or others can read it.
 */
export function notifyTarget({ url: text, secretFile, stuckSeconds, insecure }: NotifyOptions): NotifyTarget {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new UsageError(
      '--notify: expected an https address; what was received is not shown: it may be a secret',
    );
  }
  const { host, hostname } = url;
  if (url.protocol === 'http:' && !insecure && !isLoopback(`${hostname}:0`)) {
    throw new UsageError(
      `--notify: expected https, received http to ${host}, where others can read and change what is sent: ` +
        'give --notify-insecure where the network is trusted',
    );
  }
  const secret = secretFile === null ? null : readSecret(secretFile);
  return { url, host, secret, stuckMs: stuckSeconds * 1000 };
}

/** The file's bytes without the line's end. @throws {UsageError | AccessError} */
function readSecret(path: string): Uint8Array {
  const what = 'the secret of --notify-secret-file';
  const bytesMax = SECRET_BYTES_MAX + LINE_END_BYTES_MAX;
  const bytes = readSmallFile(path, { what, bytesMax, keepFrom: 'readers' });
  const secret = Buffer.from(bytes.toString('latin1').replace(/\r?\n$/, ''), 'latin1');
  if (secret.length < SECRET_BYTES_MIN || secret.length > SECRET_BYTES_MAX) {
    throw new UsageError(
      `--notify-secret-file ${path}: expected ${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX} bytes, ` +
        `received ${secret.length}; such as: openssl rand -hex 32`,
    );
  }
  return secret;
}
