/**
 * Goal: what the README says of several machines is so. Method: its commands, as they stand there, on two hosts of a network of
 * the test's own: the coordinator and Prometheus on one, a worker and the operator on the other; the coordinator's address and
 * nothing else is another.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '@rocinante/base';
import { until } from '../support/daemon.js';
import { Network, networkHindrance, type Host } from '../support/network.js';
import { projectRoot } from '../support/project-root.js';
import { findPrometheus } from '../support/prometheus.js';
import { Workspace } from '../support/rocinante.js';

const README_ADDRESS = '10.0.0.5';
const readme = readFileSync(join(projectRoot, 'README.md'), 'utf8');
const hindrance = networkHindrance();
const prometheus = findPrometheus();

/** A fenced block of the README, which a comment before it names. */
function block(name: string, address: string): string {
  const found = new RegExp(`<!-- readme\\.spec\\.ts: ${name} -->\\n+\`\`\`\\w+\\n([^]*?)\`\`\``).exec(readme);
  if (!found) throw new Error(`README.md has no block named ${name}`);
  return found[1].replaceAll(README_ADDRESS, address);
}

/** A host with a folder, in which the README's commands run. */
class Machine {
  readonly folder: string;
  readonly #host: Host;
  readonly #processes: ChildProcess[] = [];

  constructor(workspace: Workspace, host: Host, name: string) {
    this.#host = host;
    this.folder = workspace.in(name);
    mkdirSync(this.folder);
    symlinkSync(join(projectRoot, 'rocinante'), join(this.folder, 'rocinante'));
  }

  /** Copies the files that some commands name from another machine. */
  takeFiles(from: Machine, commands: string): void {
    for (const [path] of commands.matchAll(/certs\/[\w.]+/g)) {
      mkdirSync(dirname(join(this.folder, path)), { recursive: true });
      copyFileSync(join(from.folder, path), join(this.folder, path));
    }
  }

  /** Runs commands to their end. @returns what they wrote to standard output. */
  async run(commands: string): Promise<string> {
    const [command, ...words] = [...this.#host.within, 'bash', '-euc', commands];
    const { stdout } = await promisify(execFile)(command, words, { cwd: this.folder, maxBuffer: 1 << 26 });
    return stdout;
  }

  /** Runs commands of which the last goes on, until the test ends. @returns what they have written to standard error. */
  start(commands: string): () => string {
    const [command, ...words] = [...this.#host.within, 'bash', '-euc', commands];
    const child = spawn(command, words, {
      cwd: this.folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
    this.#processes.push(child);
    return () => log;
  }

  async end(): Promise<void> {
    await Promise.all(
      this.#processes.map(async (child) => {
        if (child.exitCode !== null) return;
        const closed = once(child, 'close');
        // All of its group: bash, and what it runs.
        process.kill(-child.pid!, 'SIGKILL');
        await closed;
      }),
    );
  }
}

const title = 'the README on two machines';

describe.skipIf(hindrance !== null)(`${title}${hindrance === null ? '' : ` (${hindrance})`}`, () => {
  const workspace = new Workspace();
  let network: Network;
  let address: string;
  let first: Machine;
  let second: Machine;
  let said: string;

  beforeAll(async () => {
    network = new Network();
    const hosts = [network.host('first'), network.host('second')];
    address = hosts[0].address;
    first = new Machine(workspace, hosts[0], 'first');
    second = new Machine(workspace, hosts[1], 'second');
    const coordinator = first.start(block('coordinator', address));
    await until('the coordinator', () => coordinator().includes('coordinator is up'));
    const [worker, operator] = [block('worker', address), block('operator', address)];
    second.takeFiles(first, worker + operator);
    const working = second.start(worker);
    await until('the worker', () => working().includes('joined the coordinator'));
    said = await second.run(operator);
  }, 180_000);

  afterAll(async () => {
    await first?.end();
    await second?.end();
    network?.remove();
    workspace.remove();
  });

  it('trains, and pulls the weights that the run ended with', () => {
    const weights = readFileSync(join(second.folder, 'first.safetensors'));
    const header = Number(weights.readBigUInt64LE(0));
    expect(said).toMatch(/state +done: all 100 steps are closed/);
    const parameters = sha256(weights.subarray(8 + header));
    expect(said).toMatch(new RegExp(`^weights +SHA-256 ${parameters}$`, 'm'));
    expect(said).toContain(`SHA-256 of its parameters ${parameters}, of the file ${sha256(weights)}`);
  });

  it('has the live page for those who have a token', async () => {
    // curl is told the header by a file, as one does who keeps tokens out of the list of processes.
    const get = (path: string, header: string): Promise<string> => {
      writeFileSync(join(second.folder, 'header'), header);
      return second.run(
        `curl -sS -o page -w '%{http_code}' -H @header --cacert certs/ca.crt https://${address}:7071${path}`,
      );
    };
    const token = readFileSync(join(second.folder, 'certs/operator.token'), 'utf8').trim();
    expect(await get('/', 'Accept: text/html')).toBe('401');
    expect(readFileSync(join(second.folder, 'page'), 'utf8')).toContain('<form');
    expect(await get('/', `Authorization: Bearer ${token}`)).toBe('200');
    expect(readFileSync(join(second.folder, 'page'), 'utf8')).toContain('<title>');
    expect(await get('/healthz', 'Accept: text/plain')).toBe('200');
  });

  it.skipIf(prometheus === null)(
    'is scraped by Prometheus, its workers too',
    { timeout: 180_000 },
    async () => {
      writeFileSync(
        join(first.folder, 'prometheus.yml'),
        `global: { scrape_interval: 1s }\n${block('prometheus', address)}`,
      );
      const log = first.start(
        `exec ${prometheus} --config.file=prometheus.yml --storage.tsdb.path=series --web.listen-address=127.0.0.1:9090`,
      );
      const query = async (expression: string): Promise<string> => {
        const asked = `curl -sS -G http://127.0.0.1:9090/api/v1/query --data-urlencode 'query=${expression}'`;
        return first.run(asked).catch(() => '');
      };
      let up = '';
      const areUp = async (): Promise<boolean> => {
        up = await query('up == 1');
        return up.includes('"rocinante"') && up.includes('"rocinante-workers"');
      };
      await until('both jobs', areUp).catch(async (error: Error) => {
        const targets = await first.run('curl -sS http://127.0.0.1:9090/api/v1/targets');
        throw new Error(`${error.message}; up: ${up}; targets: ${targets}; prometheus: ${log()}`);
      });
      await until('the run’s last step', async () =>
        (await query('rocinante_coordinator_step{run="r1"}')).includes('"100"'),
      );
      expect(existsSync(join(first.folder, 'rocinante-data/audit.jsonl'))).toBe(true);
    },
  );
});
