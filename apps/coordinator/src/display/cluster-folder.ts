/** What `rocinante certs` says: what it made, what it found, and how to go on. */
import { isIPv6 } from 'node:net';
import { basename, join } from 'node:path';
import type { ClusterFolder, FolderCertificate } from '@rocinante/access';
import { counted } from './quantities.js';
import { table } from './table.js';

const MS_PER_DAY = 86_400_000;
const LOOPBACK = /^(localhost|127\..*|::1)$/;

/** Paths as they are in the folder; moments in ISO 8601. */
export function clusterJson(folder: string, { certificates, book, tokens }: ClusterFolder): object {
  return { folder, certificates, book, tokens };
}

/** @param now milliseconds since 1970. */
export function clusterText(folder: string, cluster: ClusterFolder, now: number): string {
  const { certificates, book, tokens } = cluster;
  const rows = [
    ...certificates.map(({ fate, cert, names, notAfter }) => [
      fate,
      cert,
      untilText(notAfter, now),
      names.join(', '),
    ]),
    [book.fate, book.path, '', 'the book: role, name and hash of every token'],
    ...tokens.map(({ role, name, path }) => [book.fate, path, '', name === role ? role : `${role}, ${name}`]),
  ];
  return [table(['', 'file', 'valid until', 'for'], rows), '', ...nextCommands(folder, cluster)].join('\n');
}

function untilText(notAfter: Date, now: number): string {
  const days = Math.floor((notAfter.getTime() - now) / MS_PER_DAY);
  const day = notAfter.toISOString().slice(0, 10);
  return days < 0 ? `${day}, ended` : `${day}, ${counted(days, 'day')}`;
}

function nextCommands(folder: string, { certificates, book, tokens }: ClusterFolder): string[] {
  const coordinator = certificates.find(({ owner }) => owner === 'coordinator')!;
  const [authority] = certificates;
  const address = `${hostOf(coordinator)}:7070`;
  const client = (role: string): string => {
    const token = tokens.find((file) => file.name === role)?.path ?? `${role}.token`;
    return `--coordinator ${address} --tls-ca ca.crt --token-file ${basename(token)}`;
  };
  return [
    'The coordinator, on its machine:',
    `  rocinante serve --listen 0.0.0.0:7070 --http 0.0.0.0:7071 ${words(['--tls-cert', coordinator.cert])} ` +
      `${words(['--tls-key', coordinator.key])} ${words(['--token-file', book.path])}`,
    'A worker, with copies of ca.crt and worker.token:',
    `  rocinante worker ${client('worker')}`,
    'An operator, with copies of ca.crt and operator.token:',
    `  rocinante run list ${client('operator')}`,
    `Mutual TLS: serve takes ${words(['--tls-ca', authority.cert])} too; then workers and operators take ` +
      '--tls-cert and --tls-key, with copies of worker.crt and worker.key, or operator.crt and operator.key.',
    `Keep ${join(folder, 'ca.key')} to yourself: whoever has it can make certificates that this cluster believes.`,
  ];
}

/** The name under which others most likely reach the coordinator: the first that is not the machine's own for itself. */
function hostOf({ names }: FolderCertificate): string {
  const host = names.find((name) => !LOOPBACK.test(name) && !name.startsWith('*')) ?? names[0] ?? 'localhost';
  return isIPv6(host) ? `[${host}]` : host;
}

/** Words as a shell takes them. */
function words(parts: readonly string[]): string {
  return parts
    .map((part) => (/^[\w./:@%+=-]+$/.test(part) ? part : `'${part.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}
