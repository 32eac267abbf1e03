import { existsSync, readFileSync, statSync } from 'node:fs';
import { oneLine, quoted } from '@rocinante/base';
import { UsageError } from '../errors.js';

/** A machine that ssh reaches. */
export interface HostAddress {
  /** As it was given, and as messages call it. */
  readonly label: string;
  /** What ssh is given: `host`, `user@host`, or a name of its configuration. */
  readonly destination: string;
  /** Null leaves it to ssh. */
  readonly port: number | null;
}

/** How many hosts one command takes: its own file descriptors and the operator's patience bound it. */
const HOSTS_MAX = 1_024;

/** Bytes of a file of hosts, at most. */
const FILE_BYTES_MAX = 1 << 20;

const EXPECTED = 'expected host, user@host or user@host:port';

/** Nothing that ssh could take for an option, or a shell for anything. */
const FORM = /^(?<destination>(?:[A-Za-z0-9_][\w.-]*@)?[A-Za-z0-9_][\w.-]*)(?::(?<port>\d{1,5}))?$/;

/**
 * Hosts as a command line names them: with commas between, or a file's name; a file has one a line, and comments after `#`.
 * @throws {UsageError} a word that is no host, one host twice, none, or too many.
 */
export function parseHosts(text: string): HostAddress[] {
  const isFile = existsSync(text) && statSync(text).isFile();
  const words = isFile
    ? readSmall(text)
        .split('\n')
        .map((line) => line.replace(/#.*/, ''))
    : text.split(',');
  const labels = words.map((word) => word.trim()).filter((word) => word !== '');
  if (labels.length === 0 || labels.length > HOSTS_MAX) {
    throw new UsageError(`${text}: expected 1 to ${HOSTS_MAX} hosts, received ${labels.length}`);
  }
  const hosts = labels.map((label) => parseHost(label, isFile ? text : 'hosts'));
  const twice = labels.find((label, index) => labels.indexOf(label) !== index);
  if (twice !== undefined)
    throw new UsageError(`${text}: expected each host once, received ${oneLine(twice, 80)} twice`);
  return hosts;
}

function readSmall(path: string): string {
  const { size } = statSync(path);
  if (size > FILE_BYTES_MAX) {
    throw new UsageError(`${path}: expected at most ${FILE_BYTES_MAX} bytes, received ${size}`);
  }
  return readFileSync(path, 'utf8');
}

/**
 * One host.
 * @param subject what messages call the place it stands in.
 * @throws {UsageError} it is none.
 */
export function parseHost(label: string, subject: string): HostAddress {
  const { destination, port } = FORM.exec(label)?.groups ?? {};
  if (destination === undefined || Number(port ?? 1) < 1 || Number(port ?? 1) > 65_535) {
    throw new UsageError(`${subject}: ${EXPECTED}, received ${quoted(label)}`);
  }
  return { label, destination, port: port === undefined ? null : Number(port) };
}

/** What a host's services are called after it, in logs: its name without user and port. */
export function shortName({ destination }: HostAddress): string {
  return destination.replace(/^.*@/, '');
}
