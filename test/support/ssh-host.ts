/** Machines that ssh reaches: a real sshd in a clean root each, on a loopback port, with a host key of its own. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { CleanRoot } from './clean-root.js';
import { until } from './daemon.js';

/** The operator's key, and ssh's configuration, in which each machine has a name. */
export class Operator {
  readonly configFile: string;
  readonly key: string;
  readonly #folder: string;
  readonly #entries: string[] = [];

  /** @param folder one that is made. */
  constructor(folder: string) {
    mkdirSync(folder, { mode: 0o700 });
    this.#folder = folder;
    this.configFile = join(folder, 'config');
    this.key = makeKey(join(folder, 'id'));
  }

  /**
   * A name by which ssh reaches a machine.
   * @param differs what another than the right key, port or host key is to be.
   */
  knows(
    name: string,
    { port, hostKey }: SshHost,
    differs: { port?: number; key?: string; hostKey?: string } = {},
  ): void {
    const known = join(this.#folder, `known-${name}`);
    const publicKey = readFileSync(`${differs.hostKey ?? hostKey}.pub`, 'utf8');
    writeFileSync(known, `${name} ${publicKey}`);
    this.#entries.push(
      `Host ${name}`,
      ...[`HostName 127.0.0.1`, `HostKeyAlias ${name}`, `Port ${differs.port ?? port}`, 'User root'],
      ...[`IdentityFile ${differs.key ?? this.key}`, 'IdentitiesOnly yes', `UserKnownHostsFile ${known}`],
      'StrictHostKeyChecking yes',
    );
    writeFileSync(this.configFile, `${this.#entries.join('\n')}\n`, { mode: 0o600 });
  }

  /** A key that no machine knows. */
  strangeKey(name: string): string {
    return makeKey(join(this.#folder, name));
  }
}

/** One machine. */
export class SshHost {
  readonly root: CleanRoot;
  readonly port: number;
  /** The private half's file. */
  readonly hostKey: string;
  readonly #process: ChildProcess;
  #said = '';

  private constructor(root: CleanRoot, port: number, hostKey: string) {
    this.root = root;
    this.port = port;
    this.hostKey = hostKey;
    const server = ['/usr/sbin/sshd', '-D', '-e', '-f', '/etc/ssh/rocinante-test'];
    const [command, ...words] = [...root.withinOwnWorld(), ...server];
    this.#process = spawn(command, words, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#process.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#said += text));
  }

  /**
   * @param folder one that is made, for all that this machine writes.
   * @param prepare mounts what the machine is to see: what is mounted later it does not.
   */
  static async start(
    folder: string,
    operator: Operator,
    prepare: (root: CleanRoot) => void = () => undefined,
  ): Promise<SshHost> {
    const root = new CleanRoot(folder);
    prepare(root);
    const hostKey = makeKey(join(folder, 'host-key'));
    const port = await freePort();
    copyFileSync(hostKey, root.path('etc', 'ssh', 'rocinante-test-key'));
    mkdirSync(root.path('root', '.ssh'), { mode: 0o700 });
    copyFileSync(`${operator.key}.pub`, root.path('root', '.ssh', 'authorized_keys'));
    mkdirSync(root.path('run', 'sshd'), { recursive: true });
    const settings = [
      ...[`Port ${port}`, 'ListenAddress 127.0.0.1', 'HostKey /etc/ssh/rocinante-test-key'],
      ...['PermitRootLogin prohibit-password', 'PasswordAuthentication no', 'UsePAM no', 'PidFile none'],
      'MaxStartups 100',
    ];
    writeFileSync(root.path('etc', 'ssh', 'rocinante-test'), `${settings.join('\n')}\n`);
    const host = new SshHost(root, port, hostKey);
    await until('sshd', () => {
      if (host.#process.exitCode !== null) throw new Error(`sshd ended: ${host.#said}`);
      return host.#said.includes('Server listening');
    });
    return host;
  }

  /** Runs a shell's line on that machine, to its end: what it wrote to standard output. */
  run(line: string): string {
    const { pid } = this.#process;
    const first = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    const words = ['--target', first, '--pid', '--mount', 'chroot', this.root.path(), 'sh', '-c', line];
    return execFileSync('nsenter', words, { encoding: 'utf8' });
  }

  /** Ends sshd and everything that was started there. */
  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, 'close');
      this.#process.kill('SIGKILL');
      await ended;
    }
    this.root.remove();
  }
}

/** A way to a machine that is cut once so many bytes have gone up it. */
export async function cutAfter(port: number, bytes: number): Promise<Server> {
  let left = bytes;
  const server = createServer((down) => {
    const up = connect(port, '127.0.0.1');
    down.on('data', (piece: Buffer) => {
      left -= piece.length;
      if (left < 0) {
        down.destroy();
        up.destroy();
      } else if (!up.write(piece)) {
        down.pause();
        up.once('drain', () => down.resume());
      }
    });
    up.pipe(down);
    for (const [one, other] of [
      [down, up],
      [up, down],
    ]) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** A port on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function makeKey(file: string): string {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
  return file;
}
