/** A network of a test's own: hosts with an address each on one switch, and links that are slow or cut. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

const NAMESPACES = '/run/netns';
const PREFIX = 'rocinante-test-';
const OWN_PREFIX = `${PREFIX}${process.pid}-`;
const BRIDGE = 'bridge';

/** `down`: both ends see that the link is gone. `silent`: packets vanish, and nobody hears of it. */
export type Cut = 'down' | 'silent';

/** One host: a network namespace with one address, on a link to the switch. */
export class Host {
  readonly address: string;
  /** Words of a command that runs another on this host. */
  readonly within: readonly string[];
  readonly #namespace: string;
  readonly #switch: string;
  readonly #port: string;

  constructor(namespace: string, switchNamespace: string, number: number) {
    this.#namespace = namespace;
    this.#switch = switchNamespace;
    this.#port = `port${number}`;
    this.address = `10.77.0.${number}`;
    this.within = ['ip', 'netns', 'exec', namespace];
    addNamespace(namespace);
    ip(`-n ${switchNamespace} link add ${this.#port} type veth peer name eth0 netns ${namespace}`);
    ip(`-n ${switchNamespace} link set ${this.#port} master ${BRIDGE} up`);
    ip(`-n ${namespace} address add ${this.address}/24 dev eth0`);
    ip(`-n ${namespace} link set eth0 up`);
  }

  /** @param rate of the link, each way, as tc writes it: `100mbit`. */
  limit(rate: string): void {
    for (const device of [
      `-n ${this.#namespace} qdisc replace dev eth0`,
      `-n ${this.#switch} qdisc replace dev ${this.#port}`,
    ]) {
      run('tc', `${device} root tbf rate ${rate} burst 64kb limit 1mb`);
    }
  }

  cut(how: Cut): void {
    // A port of no bridge takes packets that nobody there answers.
    const change = how === 'down' ? 'down' : 'nomaster';
    ip(`-n ${this.#switch} link set ${this.#port} ${change}`);
  }

  heal(): void {
    ip(`-n ${this.#switch} link set ${this.#port} master ${BRIDGE} up`);
  }
}

export class Network {
  readonly #switch = `${OWN_PREFIX}switch`;
  #hostCount = 0;

  constructor() {
    removeLeftovers();
    addNamespace(this.#switch);
    ip(`-n ${this.#switch} link add ${BRIDGE} type bridge forward_delay 0`);
    ip(`-n ${this.#switch} link set ${BRIDGE} up`);
  }

  host(name: string): Host {
    this.#hostCount += 1;
    return new Host(`${OWN_PREFIX}${name}`, this.#switch, this.#hostCount);
  }

  /** What runs on its hosts must have ended. */
  remove(): void {
    for (const name of namespaces().filter((name) => name.startsWith(OWN_PREFIX))) ip(`netns delete ${name}`);
  }
}

/** Why there can be no network here; null where there can. */
export function networkHindrance(): string | null {
  if (process.getuid?.() !== 0) return 'needs root, to make network namespaces';
  try {
    const network = new Network();
    try {
      network.host('probe').limit('100mbit');
    } finally {
      network.remove();
    }
    return null;
  } catch (error) {
    return `needs network namespaces, veth, bridge and tbf: ${(error as Error).message.trim().split('\n').at(-1)}`;
  }
}

function addNamespace(name: string): void {
  ip(`netns add ${name}`);
  ip(`-n ${name} link set lo up`);
}

/** Removes what a test left that was killed. */
function removeLeftovers(): void {
  for (const name of namespaces()) {
    const pid = Number(new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]);
    if (pid > 0 && !isAlive(pid)) ip(`netns delete ${name}`);
  }
}

function namespaces(): string[] {
  try {
    return readdirSync(NAMESPACES);
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function ip(words: string): void {
  run('ip', words);
}

/** @throws {Error} with what the command said. */
function run(command: string, words: string): void {
  execFileSync(command, words.split(' '), { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
}
