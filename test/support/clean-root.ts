/** A machine on which nothing was installed: Debian's smallest root folder, which a test may change without a trace. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { cacheDirectory } from '@rocinante/base';

const made = process.env.ROCINANTE_CLEAN_ROOT || join(cacheDirectory(process.env), 'clean-root', 'bookworm');

/** Why there is no such machine here; null where there is. */
export function cleanRootHindrance(): string | null {
  if (process.getuid?.() !== 0) return 'needs root, to enter a root folder of its own';
  if (!existsSync(join(made, 'usr', 'sbin', 'sshd'))) {
    return `needs a clean root: test/support/make-clean-root.sh ${made.replace(homedir(), '~')}`;
  }
  const probe = join(cacheDirectory(process.env), `clean-root-probe-${process.pid}`);
  try {
    new CleanRoot(probe).remove();
    return null;
  } catch (error) {
    return `needs overlay mounts: ${(error as Error).message.trim().split('\n').at(-1)}`;
  }
}

export class CleanRoot {
  readonly #folder: string;
  readonly #mounts: string[] = [];

  /** @param folder one that is made, on a disk. */
  constructor(folder: string) {
    this.#folder = folder;
    for (const name of ['upper', 'work', 'root']) mkdirSync(join(folder, name), { recursive: true });
    const layers = `lowerdir=${made},upperdir=${join(folder, 'upper')},workdir=${join(folder, 'work')}`;
    try {
      this.#mount(['-t', 'overlay', '-o', layers, 'overlay'], this.path());
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Where a path of that machine is on this one. */
  path(...names: string[]): string {
    return join(this.#folder, 'root', ...names);
  }

  /** Shows a folder of this machine there, read only. */
  show(folder: string, at: string): void {
    mkdirSync(this.path(at), { recursive: true });
    this.#mount(['--bind', '-o', 'ro', folder], this.path(at));
    this.#mount(['-o', 'remount,bind,ro'], this.path(at));
    this.#mounts.pop();
  }

  /** Gives a folder there a disk of its own. */
  disk(at: string, megabytes: number): void {
    mkdirSync(this.path(at), { recursive: true });
    this.#mount(['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'rocinante-test'], this.path(at));
  }

  /** Words of a command that runs another there, in an empty environment, in the same process. */
  within(variables: Readonly<Record<string, string>> = {}): string[] {
    return this.#enter([], variables);
  }

  /** The same, as process 1 of a world of its own: all that it starts ends with it. A signal does not reach it, but SIGKILL. */
  withinOwnWorld(): string[] {
    return this.#enter(['--pid', '--fork', '--kill-child'], {});
  }

  #enter(options: readonly string[], variables: Readonly<Record<string, string>>): string[] {
    const environment = {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      ...variables,
    };
    const script = 'root=$1; shift; mount -t proc proc "$root/proc" && exec chroot "$root" "$@"';
    return [
      ...['unshare', '--mount', ...options, 'sh', '-c', script, 'sh', this.path()],
      ...['env', '-i', ...Object.entries(environment).map(([name, value]) => `${name}=${value}`)],
    ];
  }

  /** What runs there must have ended. */
  remove(): void {
    for (const place of this.#mounts.reverse()) execFileSync('umount', ['--lazy', place]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #mount(words: readonly string[], place: string): void {
    execFileSync('mount', [...words, place], { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
    this.#mounts.push(place);
  }
}
