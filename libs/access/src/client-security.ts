/** What a client is told about whom it speaks with and who it is: the same for workers and for an operator's commands. */
import { isLoopback, RocinanteError } from '@rocinante/base';
import { readAuthority, readTlsMaterial } from './tls-material.js';
import { readToken, tokenProblem } from './token.js';

/** How a client shows who it is, and knows whom it speaks with. */
export interface ClientSecurity {
  /** PEM of the authorities whose certificates are believed; null speaks in plain. */
  readonly ca: Buffer | null;
  /** The client's own certificate and key, PEM, for a server that asks for one; both or neither. */
  readonly cert?: Buffer;
  readonly key?: Buffer;
  /** When that certificate ends. */
  readonly notAfter?: Date;
  /** Sent with every call. Whoever gives one without `ca` sends it in plain. */
  readonly token: string | null;
  /** The name that the server's certificate must have; default: the host that is dialled. */
  readonly serverName?: string;
  /** What the client calls itself, `rocinante-doctor/1.0.0`; absent for what its library says. The other side believes nothing for it. */
  readonly client?: string;
}

/** What a client's options say. */
export interface ClientSecurityFlags {
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsServerName?: string;
  readonly tokenFile?: string;
  readonly insecure: boolean;
}

/** A client's options: flags, what help says, and the environment's name after `ROCINANTE_`. */
export const CLIENT_SECURITY_OPTIONS: readonly (readonly [
  flags: string,
  help: string,
  environment: string,
])[] = [
  ['--tls-ca <file>', 'speak TLS, and believe certificates of this authority (PEM)', 'TLS_CA'],
  ['--tls-cert <file>', 'own certificate, for a coordinator that asks for one (PEM)', 'TLS_CERT'],
  ['--tls-key <file>', 'its key (PEM)', 'TLS_KEY'],
  [
    '--tls-server-name <name>',
    'the name in the coordinator’s certificate, if not the host dialled',
    'TLS_SERVER_NAME',
  ],
  ['--token-file <file>', 'the token to show; or the token itself in ROCINANTE_TOKEN', 'TOKEN_FILE'],
];

/** The environment's name for a token itself: arguments can be seen by every user of the machine. */
const TOKEN_VARIABLE = 'ROCINANTE_TOKEN';

/**
 * Reads what the options name. Files are read at each call: what was renewed counts for the next connection.
 * @param now milliseconds since 1970.
 * @param address `host:port` that will be dialled: a token goes to no other machine in plain, unless `insecure`.
 * @throws {RocinanteError} exit code 2: half of a set was given, or a file cannot be used; names the option or the file.
 */
export function readClientSecurity(
  flags: ClientSecurityFlags,
  address: string,
  environment: NodeJS.ProcessEnv,
  now: number = Date.now(),
): ClientSecurity {
  const { tlsCa, tlsCert, tlsKey, tlsServerName, tokenFile, insecure } = flags;
  expectPaths({
    '--tls-ca': tlsCa,
    '--tls-cert': tlsCert,
    '--tls-key': tlsKey,
    '--token-file': tokenFile,
  });
  expectBoth('--tls-cert', tlsCert, '--tls-key', tlsKey);
  if (tlsCa === undefined) {
    if (tlsCert !== undefined) throw lacks('--tls-cert', '--tls-ca');
    if (tlsServerName !== undefined) throw lacks('--tls-server-name', '--tls-ca');
  }
  const token = tokenFile === undefined ? tokenOf(environment) : readToken(tokenFile);
  if (token !== null && tlsCa === undefined && !insecure && !isLoopback(address)) {
    throw usage(
      `a token would travel in plain to ${address}: expected --tls-ca, or --insecure where the network is trusted`,
    );
  }
  const serverName = tlsServerName;
  if (tlsCa === undefined) return { ca: null, token };
  if (tlsCert === undefined || tlsKey === undefined) {
    return { ca: readAuthority(tlsCa, now), token, serverName };
  }
  const files = { certFile: tlsCert, keyFile: tlsKey, caFile: tlsCa };
  const { cert, key, ca, notAfter } = readTlsMaterial(files, now);
  return { ca, cert, key, notAfter, token, serverName };
}

/**
 * @param files paths by their options: `--token-file`.
 * @throws {RocinanteError} one is empty, as a variable gives it that is set to nothing.
 */
export function expectPaths(files: Readonly<Record<string, string | undefined>>): void {
  for (const [option, path] of Object.entries(files)) {
    if (path !== '') continue;
    const variable = `ROCINANTE_${option.slice(2).replaceAll('-', '_').toUpperCase()}`;
    throw usage(`${option}: expected a file, received an empty name; name one, or unset ${variable}`);
  }
}

/** @throws {RocinanteError} one of two options was given without the other. */
export function expectBoth(
  first: string,
  firstValue: string | undefined,
  second: string,
  secondValue: string | undefined,
): void {
  if (firstValue !== undefined && secondValue === undefined) throw lacks(first, second);
  if (firstValue === undefined && secondValue !== undefined) throw lacks(second, first);
}

function tokenOf(environment: NodeJS.ProcessEnv): string | null {
  const token = environment[TOKEN_VARIABLE];
  if (token === undefined || token === '') return null;
  const problem = tokenProblem(token);
  if (problem === null) return token;
  throw usage(`${TOKEN_VARIABLE}: ${problem}`);
}

function lacks(given: string, missing: string): RocinanteError {
  return usage(`${given}: expected ${missing} too, received none`);
}

function usage(message: string): RocinanteError {
  return new RocinanteError('USAGE', 2, message);
}
