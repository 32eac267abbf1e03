/** What `rocinante certs` says: what it made, what it found, and how to go on. */
import { isIP, isIPv6 } from 'node:net';
import { join } from 'node:path';
import type { ClusterFolder, FolderCertificate } from '@rocinante/access';
import { counted } from './quantities.js';
import { shellWord } from './shell-word.js';
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

/** The commands of a cluster in which both sides show certificates, for machines on which the folder has the same name. */
function nextCommands(folder: string, { certificates, book, tokens }: ClusterFolder): string[] {
  const ofOwner = (wanted: string): FolderCertificate => certificates.find(({ owner }) => owner === wanted)!;
  const [authority, coordinator] = [ofOwner('authority'), ofOwner('coordinator')];
  const host = hostOf(coordinator);
  const tls = ({ cert, key }: FolderCertificate): string[] => [
    ...['--tls-ca', authority.cert],
    ...['--tls-cert', cert],
    ...['--tls-key', key],
  ];
  const client = (role: string): string => {
    const token = tokens.find((file) => file.name === role)?.path ?? join(folder, `${role}.token`);
    return words(['--coordinator', `${host}:7070`, '--token-file', token, ...tls(ofOwner(role))]);
  };
  const own = isIP(host) === 0 ? '0.0.0.0' : host;
  const server = ['--listen', `${own}:7070`, '--http', `${own}:7071`, '--token-file', book.path];
  return [
    'The coordinator, on its machine:',
    `  ./rocinante serve ${words([...server, ...tls(coordinator)])}`,
    'A worker, with copies of ca.crt, worker.crt, worker.key and worker.token:',
    `  ./rocinante worker ${client('worker')}`,
    'An operator, with copies of ca.crt, operator.crt, operator.key and operator.token:',
    `  ./rocinante run list ${client('operator')}`,
    'Where serve gets no --tls-ca, tokens alone say who comes, and workers and operators need no --tls-cert and --tls-key.',
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
  return parts.map(shellWord).join(' ');
}
