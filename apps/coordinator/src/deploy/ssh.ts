import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { systemTrouble } from '@rocinante/base';
import { HostError } from './errors.js';
import type { HostAddress } from './hosts.js';

/** How ssh is called. */
export interface SshOptions {
  /** ssh's own configuration file (`ssh -F`); null leaves it to ssh. */
  readonly config: string | null;
}

/** A command on a host may say so much, in bytes; what follows is not read. */
const ANSWER_BYTES_MAX = 1 << 20;

/** ssh itself ends with this code where it failed, and not the command. */
const SSH_FAILED = 255;

/**
 * Never a question to a terminal; and a host that does not answer any more is noticed within 15 seconds. Whatever the operator's
 * configuration forwards elsewhere, a host gets neither the agent nor the display nor a port: it needs none, and could use them.
 */
const SETTINGS = [
  'BatchMode=yes',
  'ConnectTimeout=10',
  'ServerAliveInterval=5',
  'ServerAliveCountMax=3',
  'ForwardAgent=no',
  'ForwardX11=no',
  'ClearAllForwardings=yes',
  'Tunnel=no',
  'PermitLocalCommand=no',
].flatMap((setting) => ['-o', setting]);

/**
 * Runs one command on a host, by the system's ssh, to its end.
 * @param command for the login shell there, whichever it is: words of letters, digits and `._/=-` need no quotes in any.
 * @param input what the command reads; secrets travel so, and never among the words.
 * @returns what it wrote to standard output, whatever it ended with.
 * @throws {HostError} UNREACHABLE: ssh could not get there, or lost the connection.
 */
export async function runBySsh(
  address: HostAddress,
  options: SshOptions,
  command: string,
  input: Readable | string = '',
): Promise<string> {
  const child = spawn('ssh', [...sshWords(address, options), command], { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  let complaint = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(0, ANSWER_BYTES_MAX);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-ANSWER_BYTES_MAX);
  });
  // A command that ends before it has read everything says why in its answer.
  const sent = send(input, child.stdin);
  let code: number | null;
  try {
    [code] = (await once(child, 'close')) as [number | null];
  } catch (cause) {
    throw new HostError('UNREACHABLE', `ssh does not start: ${systemTrouble(cause, 'ssh')}`, { cause });
  }
  await sent;
  if (code === SSH_FAILED || code === null) throw new HostError('UNREACHABLE', reasonOf(complaint));
  return said;
}

/** What ssh is called with, before the command. */
export function sshWords({ destination, port }: HostAddress, { config }: SshOptions): string[] {
  const place = port === null ? [] : ['-p', String(port)];
  const own = config === null ? [] : ['-F', config];
  return [...own, ...SETTINGS, '-T', ...place, '--', destination];
}

async function send(input: Readable | string, stdin: NodeJS.WritableStream): Promise<void> {
  try {
    if (typeof input === 'string') {
      stdin.on('error', () => undefined);
      stdin.end(input);
    } else {
      await pipeline(input, stdin);
    }
  } catch {
    // EPIPE: the other end has closed, and its own word about it is what counts.
  }
}

/** The line of ssh's complaint that tells most: the last, but for what it says of closing. */
function reasonOf(complaint: string): string {
  const lines = complaint
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(Warning:|@|\*\*)/.test(line));
  const telling = lines.findLast((line) => !/^(Connection to .* closed|client_loop|kex_exchange)/.test(line));
  return `could not be reached by ssh: ${telling ?? lines.at(-1) ?? 'the connection was lost'}`;
}
