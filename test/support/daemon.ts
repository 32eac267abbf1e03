import { existsSync, readFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import type { ClientSecurity } from '@rocinante/access';
import { dialRuns, type RunDetailMessage, type RunsClient, type RunSummaryMessage } from '@rocinante/wire';
import { endAfter } from './open-end.js';
import { Rocinante, type Finished } from './rocinante.js';

/** A line of a daemon's or a worker's log. */
export interface LogLine {
  readonly level: string;
  readonly time: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** What the operator's commands say of a run with `--json`, as far as tests read it. */
export interface RunJson {
  readonly id: string;
  readonly state: string;
  readonly step: number;
  readonly reason: string;
  readonly weightsSha256: string | null;
  readonly [field: string]: unknown;
}

const ENDED_STATES: readonly string[] = ['RUN_STATE_DONE', 'RUN_STATE_STOPPED', 'RUN_STATE_FAILED'];

/** Much longer than anything takes that is waited for: nothing here is about time. */
const WAIT_MS = 120_000;

/** `serve` or `worker`: a process that logs JSON lines to standard error, until it is told to end. */
export class Service extends Rocinante {
  #output = '';

  constructor(
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
    within: readonly string[] = [],
    program?: string,
  ) {
    super(args, env, within, program);
    this.process.stderr!.on('data', (text: string) => (this.#output += text));
  }

  /** The log until now. */
  get log(): LogLine[] {
    // The last piece has no line break yet; TensorFlow's own lines are no JSON.
    const lines = this.#output.split('\n').slice(0, -1);
    return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogLine);
  }

  /** Sends a signal, and waits for the end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Finished> {
    this.process.kill(signal);
    return this.finished;
  }
}

/** An operator's credentials: as words of its commands, and as a client has them. */
export interface OperatorSecurity {
  readonly args: readonly string[];
  readonly client: ClientSecurity;
}

export interface DaemonOptions {
  /** The folder that `--data` names. */
  readonly data: string;
  /** `host:port`; by default free ports of 127.0.0.1. A daemon that comes back takes the ports that it had. */
  readonly listen?: string;
  readonly http?: string;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** How its operators show who they are, where it asks; HTTP is over TLS then. */
  readonly operator?: OperatorSecurity;
  /**
   * Words of a command that runs it, and the operator's commands, elsewhere, such as in a network namespace, where `over` and
   * `page` do not reach.
   */
  readonly within?: readonly string[];
  /** Another launcher than the checkout's, such as another release's; its operators' commands are the checkout's. */
  readonly program?: string;
}

/** `./rocinante serve`, and the operator's commands against it. */
export class Daemon extends Service {
  readonly data: string;
  /** `host:port` for workers and operators, and for HTTP; empty until it is up. */
  grpc = '';
  http = '';
  readonly #workers: WorkerProcess[] = [];
  readonly #within: readonly string[];
  readonly #operator: OperatorSecurity | null;

  private constructor({ data, listen, http, args, env, within, operator, program }: DaemonOptions) {
    const addresses = ['--listen', listen ?? '127.0.0.1:0', '--http', http ?? '127.0.0.1:0'];
    super(['serve', '--data', data, ...addresses, ...(args ?? [])], env ?? {}, within, program);
    this.data = data;
    this.#within = within ?? [];
    this.#operator = operator ?? null;
  }

  /**
   * Starts one, and waits until it listens.
   * @param begun told of it at once, to end it before it listens.
   */
  static async start(
    options: DaemonOptions,
    begun: (daemon: Daemon) => void = () => undefined,
  ): Promise<Daemon> {
    const daemon = new Daemon(options);
    begun(daemon);
    // The whole line: the log has no other.
    await daemon.says(/"coordinator is up".*\n/);
    const { listen, http } = daemon.log.find(({ msg }) => msg === 'coordinator is up')!;
    daemon.grpc = listen as string;
    daemon.http = http as string;
    return daemon;
  }

  /** Starts one like this one, which has ended: at the same place and ports, over the same data, with its workers to end. */
  async again(options: Omit<DaemonOptions, 'data' | 'listen' | 'http' | 'within'> = {}): Promise<Daemon> {
    const { data, grpc: listen, http } = this;
    const daemon = await Daemon.start({ data, listen, http, within: this.#within, ...options });
    daemon.#workers.push(...this.#workers);
    return daemon;
  }

  /** Starts a worker of this daemon. It ends with `end`, or when the test stops it. */
  worker(name: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): WorkerProcess {
    const worker = new WorkerProcess(this.grpc, name, args, env);
    this.#workers.push(worker);
    return worker;
  }

  /** One of the operator's commands, such as `['run', 'list']`, against this daemon. */
  command(args: readonly string[]): Promise<Finished> {
    const own = this.#operator?.args ?? [];
    return new Rocinante([...args, '--coordinator', this.grpc, ...own], {}, this.#within).finished;
  }

  /** The same with `--json`: the object on the last line of standard output. Fails where the command does. */
  async json<Answer = RunJson>(args: readonly string[]): Promise<Answer> {
    const { code, stdout, stderr } = await this.command([...args, '--json']);
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}:\n${stderr}`);
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as Answer;
  }

  /** `run start`, whose options follow: the new run. */
  startRun(args: readonly string[]): Promise<RunJson> {
    return this.json(['run', 'start', ...args]);
  }

  /** Where the run is kept, in the data folder. */
  runDir(run: string): string {
    return join(this.data, 'runs', run);
  }

  /** The run's entries of `events.jsonl`, read from the data folder. */
  events(run: string): Record<string, unknown>[] {
    const path = join(this.runDir(run), 'events.jsonl');
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Waits until a run has taken so many steps. */
  async stepsTaken(run: string, count: number): Promise<void> {
    await until(`${count} steps of ${run}`, () => {
      const last = this.events(run).findLast(({ event }) => event === 'step');
      return last !== undefined && (last.step as number) >= count;
    });
  }

  /** The run's record. */
  record(run: string): Record<string, unknown> {
    const path = join(this.runDir(run), 'run.json');
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  }

  /** What operators are told of a run, by a call from here: no process is started for it. */
  async summary(run: string): Promise<RunSummaryMessage> {
    return (await this.#detail(run)).summary!;
  }

  /** Waits until a run has ended, as operators are told. */
  async over(run: string, timeoutMs = WAIT_MS): Promise<RunSummaryMessage> {
    let summary = await this.summary(run);
    const hasEnded = async (): Promise<boolean> => {
      summary = await this.summary(run);
      return ENDED_STATES.includes(summary.state);
    };
    await until(`the end of ${run}`, hasEnded, timeoutMs);
    return summary;
  }

  /** The same, and gives its record once it is on the disk. */
  async ended(run: string, timeoutMs = WAIT_MS): Promise<Record<string, unknown>> {
    const { endedAt } = await this.over(run, timeoutMs);
    await until(`the record of ${run}`, () => this.record(run).endedAt === endedAt);
    return this.record(run);
  }

  /**
   * Gives a run that has no end one, some steps on, and waits for it: its record. It is stopped and resumed for that.
   * @param minWorkers it waits for so many then, in place of those that it waited for.
   */
  async toItsEnd(run: string, minWorkers?: number): Promise<Record<string, unknown>> {
    if (this.#isElsewhere) await this.json(['run', 'stop', run]);
    else await this.#ask<RunSummaryMessage>((client, answer) => client.stop({ run }, {}, answer));
    await until(`${run} to be stopped`, () => this.record(run).state === 'stopped');
    const steps = endAfter(this.record(run).step as number);
    if (this.#isElsewhere) {
      const words = minWorkers === undefined ? [] : ['--min-workers', String(minWorkers)];
      await this.json(['run', 'resume', run, '--steps', String(steps), '--watch', ...words]);
    } else await this.#resumeToItsEnd(run, steps, minWorkers);
    await until(`the record of ${run}`, () => this.record(run).state === 'done');
    return this.record(run);
  }

  async #resumeToItsEnd(run: string, steps: number, minWorkers?: number): Promise<void> {
    const { limits } = await this.#detail(run);
    const changed = minWorkers === undefined ? {} : { limits: { ...limits!, minWorkers } };
    await this.#ask<RunSummaryMessage>((client, answer) =>
      client.resume({ run, steps, ...changed }, {}, answer),
    );
    const { state, reason } = await this.over(run, 2 * WAIT_MS);
    if (state !== 'RUN_STATE_DONE') throw new Error(`${run} ended as ${state}: ${reason}`);
  }

  /** Whether calls from here do not reach it, only commands that are run where it is. */
  get #isElsewhere(): boolean {
    return this.#within.length > 0;
  }

  #detail(run: string): Promise<RunDetailMessage> {
    return this.#ask<RunDetailMessage>((client, answer) => client.show({ run }, {}, answer));
  }

  /** One call as an operator. */
  async #ask<Answer>(
    call: (client: RunsClient, answer: (error: Error | null, answer?: Answer) => void) => void,
  ): Promise<Answer> {
    const client = dialRuns(this.grpc, this.#operator?.client);
    try {
      return await new Promise((resolve, reject) =>
        call(client, (error, answer) => (error ? reject(error) : resolve(answer!))),
      );
    } finally {
      client.close();
    }
  }

  /** A page of `--http`, such as `/metrics`. */
  async page(path: string): Promise<{ readonly status: number; readonly text: string }> {
    if (this.#operator) return securePage(this.http, path, this.#operator.client);
    const response = await fetch(`http://${this.http}${path}`);
    return { status: response.status, text: await response.text() };
  }

  /** One series of `/metrics`, named as there: `name{label="value"}`; 0 where there is none. */
  async metric(series: string): Promise<number> {
    const { text } = await this.page('/metrics');
    const line = text.split('\n').find((line) => line.startsWith(`${series} `));
    return line === undefined ? 0 : Number(line.slice(series.length + 1));
  }

  /** Ends the daemon and its workers at once, whatever state they are in: for a test's end. */
  async end(): Promise<void> {
    const services = [this, ...this.#workers].filter(({ process }) => process.exitCode === null);
    await Promise.all(services.map((service) => service.stop('SIGKILL')));
  }
}

/** A page over TLS, as a holder of a token is given it. */
function securePage(
  address: string,
  path: string,
  { ca, token }: ClientSecurity,
): Promise<{ readonly status: number; readonly text: string }> {
  const headers = token === null ? {} : { authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const sent = get(
      `https://${address}${path}`,
      { ca: ca ?? undefined, headers, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () => resolve({ status: response.statusCode!, text }));
      },
    );
    sent.on('error', reject);
  });
}

/** `./rocinante worker` of one thread. */
export class WorkerProcess extends Service {
  readonly name: string;

  constructor(
    coordinator: string,
    name: string,
    args: readonly string[] = [],
    env: NodeJS.ProcessEnv = {},
    within: readonly string[] = [],
    program?: string,
  ) {
    const threads = args.includes('--threads') ? [] : ['--threads', '1'];
    super(
      ['worker', '--coordinator', coordinator, '--name', name, ...threads, ...args],
      env,
      within,
      program,
    );
    this.name = name;
  }
}

/** Waits until something is so; fails, with what was waited for, where it does not become so. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  timeoutMs = WAIT_MS,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs / 1000} s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
