/** A real Prometheus, as Debian packages it: `prometheus` in PATH, or the program that ROCINANTE_PROMETHEUS names. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { until } from './daemon.js';

/** One series of an answer: its labels, and its value now. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One series of an answer over time. */
export interface SeriesOverTime {
  readonly labels: Readonly<Record<string, string>>;
  /** In the order of time; of a moment at which there is none, none. */
  readonly values: readonly number[];
}

/** A rule that Prometheus has loaded. */
export interface LoadedRule {
  readonly name: string;
  readonly query: string;
  /** `ok` when it could be evaluated. */
  readonly health: string;
  readonly lastError?: string;
  /** Of an alert: `inactive`, `pending` or `firing`. */
  readonly state?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What Prometheus scrapes, and how that went. */
export interface Target {
  readonly scrapeUrl: string;
  readonly health: string;
  readonly lastError: string;
  readonly labels: Readonly<Record<string, string>>;
}

const START_LIMIT_MS = 120_000;

/** Where Prometheus is; null where it is not. */
export function findPrometheus(): string | null {
  const { ROCINANTE_PROMETHEUS: named, PATH = '' } = process.env;
  const places = named ? [named] : PATH.split(delimiter).map((folder) => join(folder, 'prometheus'));
  return places.find((path) => existsSync(path)) ?? null;
}

export class Prometheus {
  readonly #process: ChildProcess;
  readonly #address: string;

  private constructor(process: ChildProcess, address: string) {
    this.#process = process;
    this.#address = address;
  }

  /**
   * Starts one on a free port, and waits until it listens.
   * @param config its YAML; files that it names are looked for in `folder`.
   * @param folder for its configuration and its series.
   */
  static async start(program: string, config: string, folder: string): Promise<Prometheus> {
    const file = join(folder, 'prometheus.yml');
    writeFileSync(file, config);
    const process = spawn(
      program,
      [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(folder, 'series')}`,
        '--web.listen-address=127.0.0.1:0',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let log = '';
    const address = await new Promise<string>((resolve, reject) => {
      const fail = (): void => reject(new Error(`prometheus does not listen:\n${log}`));
      const timer = setTimeout(fail, START_LIMIT_MS);
      process.on('error', reject).on('close', fail);
      process.stderr.setEncoding('utf8').on('data', (text: string) => {
        log += text;
        const found = /msg="Listening on" address=(\S+)/.exec(log)?.[1];
        if (found === undefined) return;
        clearTimeout(timer);
        resolve(found);
      });
    });
    // It listens a moment before it answers.
    const ready = `http://${address}/-/ready`;
    await until('Prometheus to be ready', async () => (await fetch(ready)).ok);
    return new Prometheus(process, address);
  }

  /** What a query gives now. */
  async query(expression: string): Promise<Series[]> {
    const { result } = await this.#ask<{
      result: { metric: Record<string, string>; value: [number, string] }[];
    }>(`query?query=${encodeURIComponent(expression)}`);
    return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  /**
   * What a query gives at each second of a time.
   * @param from in milliseconds since 1970; `to` likewise.
   */
  async queryOver(expression: string, from: number, to: number): Promise<SeriesOverTime[]> {
    const asked = new URLSearchParams({
      query: expression,
      start: String(from / 1000),
      end: String(to / 1000),
      step: '1',
    });
    const { result } = await this.#ask<{
      result: { metric: Record<string, string>; values: [number, string][] }[];
    }>(`query_range?${asked.toString()}`);
    return result.map(({ metric, values }) => ({
      labels: metric,
      values: values.map(([, value]) => Number(value)),
    }));
  }

  /** The rules of all groups, in their order. */
  async rules(): Promise<LoadedRule[]> {
    const { groups } = await this.#ask<{ groups: { rules: LoadedRule[] }[] }>('rules');
    return groups.flatMap(({ rules }) => rules);
  }

  async targets(): Promise<Target[]> {
    const { activeTargets } = await this.#ask<{ activeTargets: Target[] }>('targets?state=active');
    return activeTargets;
  }

  async stop(): Promise<void> {
    const closed = once(this.#process, 'close');
    this.#process.kill('SIGKILL');
    await closed;
  }

  async #ask<Data>(path: string): Promise<Data> {
    const response = await fetch(`http://${this.#address}/api/v1/${path}`);
    const { status, data, error } = (await response.json()) as { status: string; data: Data; error?: string };
    if (status !== 'success') throw new Error(`prometheus: ${path}: ${error}`);
    return data;
  }
}

/** What promtool, which lies beside Prometheus, finds wrong with a page of metrics; empty where that is nothing. */
export function metricProblems(program: string, page: string): string {
  const { code, output } = promtool(program, ['check', 'metrics'], { input: page });
  return code === 0 || output !== '' ? output : `promtool ended with ${code}`;
}

/**
 * Runs promtool.
 * @param options.cwd the folder that the names of files are relative to.
 */
export function promtool(
  program: string,
  args: readonly string[],
  options: { readonly input?: string; readonly cwd?: string } = {},
): { readonly code: number | null; readonly output: string } {
  const tool = join(dirname(program), 'promtool');
  const { status, stdout, stderr, error } = spawnSync(tool, args, { ...options, encoding: 'utf8' });
  if (error) throw error;
  return { code: status, output: stdout + stderr };
}
