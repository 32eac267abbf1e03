/** What is read of a request as Node gives it, before anybody knows what it asks for. */
import type { IncomingMessage } from 'node:http';
import { isIPv6, type Socket } from 'node:net';
import { clientName } from '@rocinante/access';
import { BODY_BYTES_MAX } from './http-limits.js';
import type { HttpRequest, Method } from './routes.js';

/** A request before its body is read and anybody is asked who sends it. @param rest what stands in place of its route's `*`. */
export function requestOf(incoming: IncomingMessage, rest: string): HttpRequest {
  const { method = '', url = '', headers, socket } = incoming;
  const path = pathOf(incoming);
  return {
    method: method as Method,
    path,
    rest,
    query: new URLSearchParams(url.slice(path.length)),
    host: shownHost(headers.host),
    body: new Uint8Array(),
    holder: null,
    peer: peerOf(socket),
    client: clientOf(incoming),
    secure: 'encrypted' in socket,
    header: (name) => headers[name]?.toString() ?? null,
  };
}

/** What the client calls itself; null where it says nothing. */
export function clientOf({ headers }: IncomingMessage): string | null {
  return clientName(headers['user-agent'] ?? null);
}

/**
 * All of a request's body; null where it is longer than BODY_BYTES_MAX. A slow one runs into REQUEST_TIMEOUT_MS.
 * @throws ECONNRESET, where the client went away before its end.
 */
export async function bodyOf(incoming: IncomingMessage): Promise<Uint8Array | null> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of incoming as AsyncIterable<Buffer>) {
    bytes += part.byteLength;
    if (bytes > BODY_BYTES_MAX) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** The path without its query, not decoded. */
export function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0];
}

/** Whether the request says that a body follows its headers. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** `address:port` of a connection's other side, an IPv6 address in brackets. */
export function peerOf({ remoteAddress, remotePort }: Socket): string {
  if (remoteAddress === undefined) return '';
  return `${isIPv6(remoteAddress) ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`;
}

/** A host header that can be given on to others; null for anything else. */
function shownHost(host: string | undefined): string | null {
  return host !== undefined && /^([\w.-]{1,255}|\[[\da-fA-F:.]{2,45}\])(:\d{1,5})?$/.test(host) ? host : null;
}
