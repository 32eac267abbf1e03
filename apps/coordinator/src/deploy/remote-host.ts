import { randomBytes } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { Transform, type Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bytesShown } from '../display/quantities.js';
import type { BundleFile } from './bundle-file.js';
import { HostError } from './errors.js';
import type { HostAddress } from './hosts.js';
import {
  parseAnswer,
  parseStatus,
  valueOf,
  valuesOf,
  type Answer,
  type ServiceStatus,
} from './service-status.js';
import { runBySsh, type SshOptions } from './ssh.js';

const scriptFile = fileURLToPath(new URL('../../../../deploy/ssh/host.sh', import.meta.url));

/** How long a process that was told to end is waited for before it is killed: a worker's op, a coordinator's checkpoint. */
const STOP_SECONDS = 30;
const POLL_MS = 500;
/** What a file system needs beside the files themselves. */
const ROOM_FACTOR = 1.05;

/** uname's words for what Node calls the platform. */
const PLATFORMS: Readonly<Record<string, string>> = { 'Linux x86_64': 'linux-x64' };

export interface RemoteOptions extends SshOptions {
  /** The folder on the hosts in which everything lies, relative to the home directory there, or absolute. */
  readonly dir: string;
}

/** One machine: what `deploy/ssh/host.sh` does there, asked for by ssh. */
export class RemoteHost {
  readonly address: HostAddress;
  readonly #options: RemoteOptions;
  #prepared = false;

  constructor(address: HostAddress, options: RemoteOptions) {
    this.address = address;
    this.#options = options;
  }

  get label(): string {
    return this.address.label;
  }

  /**
   * Copies a bundle and unpacks it, where it is not there yet; a copy that was interrupted goes on where it ended.
   * @param onProgress bytes of the archive that are there.
   * @returns how many bytes were sent.
   * @throws {HostError} UNFIT, NO_ROOM, COPY, UNREACHABLE.
   */
  async copyBundle(bundle: BundleFile, onProgress: (bytes: number) => void): Promise<number> {
    const facts = await this.#ask(`facts ${bundle.sha256} ${bundle.name}`);
    this.#checkFit(facts, bundle);
    if (valueOf(facts, 'bundle') === 'there') return 0;
    const received = Math.min(Number(valueOf(facts, 'received') ?? 0), bundle.bytes);
    const freeBytes = Number(valueOf(facts, 'free') ?? 0) * 1024;
    const needed = (bundle.bytes - received + bundle.unpackedBytes) * ROOM_FACTOR;
    if (freeBytes < needed) {
      const there = `${bytesShown(freeBytes)} are free in ${this.#options.dir}`;
      throw new HostError('NO_ROOM', `the bundle needs ${bytesShown(needed)}, ${there}`);
    }
    let sent = 0;
    const counter = new Transform({
      transform(chunk: Buffer, _encoding, callback) {
        sent += chunk.length;
        onProgress(received + sent);
        callback(null, chunk);
      },
    });
    const file = createReadStream(bundle.path, { start: received, highWaterMark: 256 << 10 });
    file.on('error', (error) => counter.destroy(error));
    try {
      await this.#ask(`receive ${bundle.sha256} ${bundle.bytes} ${bundle.name}`, file.pipe(counter));
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      const progress = `${bytesShown(received + sent)} of ${bytesShown(bundle.bytes)}`;
      const next = /damaged/.test(error.message)
        ? 'the next attempt begins anew'
        : 'the next attempt goes on there';
      throw new HostError('COPY', `the copy of the bundle ended at ${progress}, ${next}: ${error.message}`);
    } finally {
      file.destroy();
    }
    return sent;
  }

  /**
   * The numbers of this machine's cards.
   * @throws {HostError} UNFIT: it has none.
   */
  async cards(): Promise<string[]> {
    const numbers = valuesOf(await this.#ask('cards'), 'card');
    if (numbers.length === 0)
      throw new HostError('UNFIT', '--gpus all: expected /dev/nvidia0, found no card');
    return numbers.sort((a, b) => Number(a) - Number(b));
  }

  /**
   * Writes a service's files, readable by their owner there alone. They travel through ssh's standard input.
   * @param files contents by name.
   * @param drop names of files that it has no more.
   */
  async install(
    service: string,
    files: Readonly<Record<string, string>>,
    drop: readonly string[],
  ): Promise<void> {
    const parts = Object.entries(files).map(([name, text]) => `${name} ${Buffer.byteLength(text)}\n${text}`);
    await this.#ask(['install', service, ...drop].join(' '), parts.join(''));
  }

  /**
   * Starts a service under a supervisor.
   * @returns the bundle from which it ran already, in which case nothing was done; else null.
   */
  async start(service: string, bundle: string): Promise<string | null> {
    const answer = await this.#ask(`start ${service} ${bundle}`);
    return valueOf(answer, 'state') === 'already' ? valueOf(answer, 'bundle') : null;
  }

  /** Ends a service; null where there was none to end. */
  async stop(service: string): Promise<'stopped' | 'killed' | null> {
    const state = valueOf(await this.#ask(`stop ${service} ${STOP_SECONDS}`), 'state');
    return state === 'stopped' || state === 'killed' ? state : null;
  }

  /** All services of this host. */
  async status(): Promise<ServiceStatus[]> {
    return parseStatus(await this.#run('status'));
  }

  /** Removes bundles from which nothing runs, but for those named. */
  async prune(keep: readonly string[]): Promise<void> {
    await this.#ask(`prune ${keep.join(' ')}`);
  }

  /**
   * Waits until a service is at work: a worker in a session with its coordinator, a coordinator listening.
   * @returns its state then, or when the time was up, or when nothing starts it any more.
   */
  async atWork(service: string, seconds: number): Promise<ServiceStatus | null> {
    const deadline = performance.now() + seconds * 1000;
    for (;;) {
      const found = (await this.status()).find((status) => status.service === service) ?? null;
      const over = found === null || found.connected || found.state === 'failed' || found.state === 'stopped';
      if (over || performance.now() > deadline) return found;
      await sleep(POLL_MS);
    }
  }

  #checkFit(facts: Answer, { platform }: BundleFile): void {
    const machine = `${valueOf(facts, 'system')} ${valueOf(facts, 'machine')}`;
    if (PLATFORMS[machine] !== platform) {
      throw new HostError('UNFIT', `the bundle is for ${platform}, this machine is ${machine}`);
    }
    const missing = valuesOf(facts, 'missing');
    if (missing.length > 0)
      throw new HostError('UNFIT', `lacks ${missing.join(', ')}; they are to be installed there`);
  }

  /** Asks host.sh for one thing; its complaint becomes an error. */
  async #ask(words: string, input?: Readable | string): Promise<Answer> {
    const answer = parseAnswer(await this.#run(words, input));
    const complaint = valueOf(answer, 'error');
    if (complaint !== null) throw new HostError('SERVICE', complaint);
    return answer;
  }

  /**
   * Runs host.sh. The first time it is brought there, by the same connection where it has nothing to read: it is a few
   * kilobytes, and always the one that we know.
   */
  async #run(words: string, input?: Readable | string): Promise<string> {
    const { dir } = this.#options;
    const command = `sh ${dir}/host.sh ${words}`;
    if (this.#prepared) return runBySsh(this.address, this.#options, command, input);
    const fresh = `${dir}/host.sh.${randomBytes(4).toString('hex')}`;
    const bring = `umask 077; mkdir -p ${dir} && cat > ${fresh} && mv ${fresh} ${dir}/host.sh && echo script=there`;
    const both = input === undefined ? `${bring} && ${command}` : bring;
    const said = await runBySsh(this.address, this.#options, both, readFileSync(scriptFile, 'utf8'));
    if (valueOf(parseAnswer(said), 'script') !== 'there') {
      throw new HostError(
        'ANSWER',
        `${dir}: expected a folder that can be written there, on a disk with room`,
      );
    }
    this.#prepared = true;
    return input === undefined ? said : runBySsh(this.address, this.#options, command, input);
  }
}
