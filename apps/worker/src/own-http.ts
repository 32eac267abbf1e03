import { readTlsMaterial, rereadOnChange, TokenBook } from '@rocinante/access';
import { isLoopback, type RocinanteError } from '@rocinante/base';
import { serveHttp, tokenGuard, type HttpServer, type Routes } from '@rocinante/http';
import type { Logger } from '@rocinante/log';
import { healthRoutes, type MetricText } from '@rocinante/metrics';
import type { WorkerConfig } from './config.js';

/** All that a worker serves itself. */
export function ownRoutes(metrics: MetricText, coordinator: string, isConnected: () => boolean): Routes {
  return healthRoutes(metrics, () =>
    isConnected() ? null : `no session with the coordinator at ${coordinator}`,
  );
}

/**
 * Serves a worker's own metrics and health: in plain, or where it has a book of tokens, over TLS with the worker's certificate
 * and to holders of these tokens. Book and certificate are read again when their files change.
 * @returns how to stop it; null where nothing is to be served.
 * @throws {RocinanteError} a file cannot be used, or the address.
 */
export async function serveOwnHttp(
  { http, httpTokenFile, tlsCert, tlsKey }: WorkerConfig,
  routes: Routes,
  log: Logger,
): Promise<Pick<HttpServer, 'address' | 'stop'> | null> {
  if (http === undefined) return null;
  const onDropped = (code: string, message: string): void => log.debug({ code }, `refused: ${message}`);
  if (httpTokenFile === undefined) {
    // At an address that others reach, whoever scrapes it calls the machine as he likes.
    return serveHttp(http, routes, { onDropped, ...(isLoopback(http) && { ownNames: [http] }) });
  }
  const files = { certFile: tlsCert!, keyFile: tlsKey!, caFile: null };
  const book = TokenBook.read(httpTokenFile);
  const guard = tokenGuard((token) => book.holderOf(token));
  const server = await serveHttp(http, routes, { tls: readTlsMaterial(files), guard, onDropped });
  const failed = ({ code, message }: RocinanteError): void =>
    log.error({ code }, `${message}; what was read before is used`);
  const showAgain = (): void => server.replaceCertificate(readTlsMaterial(files));
  const ends = [
    rereadOnChange([httpTokenFile], () => book.reload(), failed),
    rereadOnChange([files.certFile, files.keyFile], showAgain, failed),
  ];
  return {
    address: server.address,
    stop: () => {
      for (const end of ends) end();
      return server.stop();
    },
  };
}
