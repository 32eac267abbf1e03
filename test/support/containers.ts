/**
 * Builds and runs images as a container engine does, with buildah, podman and runc, which need none: Debian's packages, which
 * .ci/container-tools unpacks. Needs root. Containers share this machine's network.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './project-root.js';

/** What keeps a test of images from running; null where nothing does. */
export function containerHindrance(): string | null {
  if (process.getuid?.() !== 0) return 'needs root';
  const { ROCINANTE_CONTAINER_TOOLS: tools } = process.env;
  return tools && existsSync(tools) ? null : 'needs ROCINANTE_CONTAINER_TOOLS; see .ci/container-tools';
}

/** As the recipes have them: nothing may be written or gained, and signals come to the program. */
const GUARDED = [
  '--read-only',
  '--cap-drop=all',
  '--security-opt=no-new-privileges',
  '--network=host',
  '--no-healthcheck',
];
/** This machine's limits may be lower than podman's own. */
const LIMITS = ['--ulimit=nofile=4096:4096', '--ulimit=nproc=4096:4096'];
const BASE = 'localhost/debian:12-slim';

/** Where images and containers are, as long as a test lasts. */
export class Containers {
  readonly #tools = process.env.ROCINANTE_CONTAINER_TOOLS!;
  readonly #folder: string;
  readonly #env: NodeJS.ProcessEnv;

  /** @param folder for images, containers and settings. */
  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder);
    const programs = join(this.#tools, 'programs', 'usr');
    const settings: Record<string, string> = {
      'storage.conf': `[storage]\ndriver = "vfs"\ngraphroot = "${folder}/store"\nrunroot = "${folder}/run"\n`,
      'containers.conf':
        '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nruntime = "runc"\n' +
        `tmp_dir = "${folder}/tmp"\nconmon_path = ["${programs}/bin/conmon"]\n` +
        `[engine.runtimes]\nrunc = ["${programs}/sbin/runc"]\n`,
      'registries.conf': 'unqualified-search-registries = []\n',
      'policy.json': '{"default":[{"type":"insecureAcceptAnything"}]}\n',
    };
    for (const [name, text] of Object.entries(settings)) writeFileSync(join(folder, name), text);
    this.#env = {
      ...process.env,
      CONTAINERS_CONF: join(folder, 'containers.conf'),
      CONTAINERS_STORAGE_CONF: join(folder, 'storage.conf'),
      CONTAINERS_REGISTRIES_CONF: join(folder, 'registries.conf'),
      BUILDAH_ISOLATION: 'chroot',
      PATH: `${programs}/bin:${process.env.PATH}`,
    };
    const policy = `--signature-policy=${join(folder, 'policy.json')}`;
    const container = this.#must('buildah', [policy, 'from', 'scratch']);
    this.#must('buildah', ['add', '--quiet', container, join(this.#tools, 'base')]);
    this.#must('buildah', ['commit', policy, container, BASE]);
  }

  /** Builds one of the images of deploy/docker from a bundle in the checkout's root: its name. */
  build(target: string, bundle: string): string {
    const image = `localhost/rocinante-${target}:test`;
    this.#must('buildah', [
      'bud',
      `--signature-policy=${join(this.#folder, 'policy.json')}`,
      '--format=docker',
      '--file=deploy/docker/Dockerfile',
      `--target=${target}`,
      `--build-arg=BASE=${BASE}`,
      `--build-arg=BUNDLE=${bundle}`,
      `--tag=${image}`,
      '.',
    ]);
    return image;
  }

  /** Starts a container that ends with its program, and is told of the end by `stop`. */
  start(
    name: string,
    image: string,
    options: readonly string[],
    words: readonly string[] = [],
  ): ChildProcess {
    const args = ['run', '--rm', `--name=${name}`, ...GUARDED, ...LIMITS, ...options, image, ...words];
    return spawn(...this.#within('podman', args), {
      cwd: projectRoot,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** What a command in a new container, or in a running one (`exec`), prints; with its exit code. */
  ask(words: readonly string[]): { readonly code: number | null; readonly said: string } {
    const guarded = words[0] === 'run' ? ['run', '--rm', ...GUARDED, ...LIMITS, ...words.slice(1)] : words;
    const [program, args] = this.#within('podman', guarded);
    const { status, stdout, stderr } = spawnSync(program, args, {
      cwd: projectRoot,
      env: this.#env,
      encoding: 'utf8',
    });
    return { code: status, said: (stdout + stderr).trim() };
  }

  remove(): void {
    this.ask(['rm', '--all', '--force']);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #must(command: string, args: readonly string[]): string {
    const [program, all] = this.#within(command, args);
    const { status, stdout, stderr } = spawnSync(program, all, {
      cwd: projectRoot,
      env: this.#env,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${command} ${args[0]} ended with ${status}:\n${stderr}`);
    return stdout.trim().split('\n').at(-1)!;
  }

  /** The tools' libraries lie over this machine's, in a name space of their own: children lose what a variable says of them. */
  #within(command: string, args: readonly string[]): [string, string[]] {
    const libraries = '/usr/lib/x86_64-linux-gnu';
    const over = `mount -t overlay none -o lowerdir=${this.#tools}/programs${libraries}:${libraries} ${libraries}`;
    return ['unshare', ['--mount', 'sh', '-c', `${over} && exec "$0" "$@"`, command, ...args]];
  }
}
