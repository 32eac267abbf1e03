import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import type { ClientSecurity } from '@rocinante/access';
import { PAGE_BYTES_MAX, REACH_TIMEOUT_MS } from './limits.js';

/** An answer over HTTP: its status, and its body as UTF-8. */
export interface Page {
  readonly status: number;
  readonly text: string;
}

/**
 * One page of a coordinator's HTTP, over TLS where authorities are given.
 * @param address `host:port`
 * @throws Node's error, or one of a timeout or of a page that is too long.
 */
export function fetchPage(address: string, path: string, security: ClientSecurity): Promise<Page> {
  const { ca, cert, key, serverName, token, client } = security;
  return new Promise((resolve, reject) => {
    const url = `${ca === null ? 'http' : 'https'}://${address}${path}`;
    const headers = {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(client !== undefined && { 'user-agent': client }),
    };
    const options = { agent: false, headers, signal: AbortSignal.timeout(REACH_TIMEOUT_MS) };
    const ask =
      ca === null
        ? requestHttp(url, options)
        : requestHttps(url, {
            ...options,
            ca,
            cert,
            key,
            ...(serverName !== undefined && named(serverName)),
          });
    ask.on('error', reject);
    ask.on('response', (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
        if (text.length > PAGE_BYTES_MAX) answer.destroy(new Error(`more than ${PAGE_BYTES_MAX} characters`));
      });
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    ask.end();
  });
}

/** Expects a certificate for another name than the one asked. TLS itself takes no address for a name, and Node warns of one. */
function named(serverName: string): object {
  return {
    servername: isIP(serverName) === 0 ? serverName : '',
    checkServerIdentity: (_: string, certificate: PeerCertificate) =>
      checkServerIdentity(serverName, certificate),
  };
}
