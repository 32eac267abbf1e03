import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { LstmChoice } from '@rocinante/model';
import { idleCardLine, setEngineEnvironment, type Device } from '@rocinante/engine';
import { messageOf } from '@rocinante/log';
import type { Precision } from '@rocinante/training';

export interface LocalWorkersOptions {
  readonly count: number;
  /** Compute threads of each. */
  readonly threads: number;
  readonly device: Device;
  /** The run's. */
  readonly precision: Precision;
  /** How they compute LSTM layers. */
  readonly lstm: LstmChoice;
  readonly corpusCache: boolean;
  /** One line for people. */
  readonly notice: (message: string) => void;
  /** How they compute, where that is to be told: a line for people, each once. */
  readonly onWay: (line: string) => void;
  /** No worker is left, and none will be started again. `output` is the last that one said. */
  readonly onNoneLeft: (output: string) => void;
}

/** How often one local worker is started again in a run; one that dies more often has a cause that starting cannot mend. */
const RESTARTS_MAX = 3;

/** Of a worker's standard error, so much is kept for the message about its death, in characters. */
const OUTPUT_KEPT = 2_000;

const STOP_GRACE_MS = 5_000;

const workerMain = fileURLToPath(new URL('../../../worker/dist/main.js', import.meta.url));

/** Worker processes on this machine, started and kept by the coordinator of `train`. */
export class LocalWorkers {
  readonly #options: LocalWorkersOptions;
  readonly #running = new Map<number, ChildProcess>();
  readonly #environment = environmentOf(process.env);
  #stopping = false;
  readonly #waysTold = new Set<string>();

  constructor(options: LocalWorkersOptions) {
    this.#options = options;
  }

  /** @param address `host:port` of the coordinator. */
  start(address: string): void {
    const { threads, device, precision, notice } = this.#options;
    const engine = { threads, device, tf32: precision === 'tf32' };
    setEngineEnvironment(engine, this.#environment).forEach(notice);
    // Of what the workers say, only a last word is shown.
    const idle = device === 'auto' ? idleCardLine(process.env) : null;
    if (idle !== null) notice(idle);
    for (let index = 1; index <= this.#options.count; index++) this.#spawn(address, index, 0);
  }

  /** Ends them; one that does not listen is killed. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(
      [...this.#running.values()].map(
        (child) =>
          new Promise<void>((resolve) => {
            const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
            // As below: one that has exited, and whose output is still being read, is running in this sense.
            child.once('close', () => {
              clearTimeout(timer);
              resolve();
            });
            child.kill('SIGTERM');
          }),
      ),
    );
  }

  #spawn(address: string, index: number, restarts: number): void {
    const { threads, device, precision, lstm, corpusCache } = this.#options;
    const name = `worker-${index}`;
    const args = [
      '--coordinator',
      address,
      '--name',
      name,
      '--threads',
      String(threads),
      '--device',
      device,
      '--precision',
      precision,
      '--lstm',
      lstm,
      '--end-with-parent',
    ];
    if (!corpusCache) args.push('--no-corpus-cache');
    // The worker ends when its standard input does: when this process ends, however it ends.
    const child = spawn(process.execPath, [...process.execArgv, workerMain, ...args], {
      stdio: ['pipe', 'ignore', 'pipe'],
      env: this.#environment,
      // Ctrl-C goes to the coordinator, which ends its workers after the checkpoint.
      detached: true,
    });
    this.#running.set(index, child);
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-OUTPUT_KEPT);
    });
    this.#watchForWays(child.stderr);
    child.on('error', (error) => {
      output += error.message;
    });
    child.on('close', (code, signal) => {
      this.#running.delete(index);
      if (this.#stopping) return;
      const how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
      const words = lastWords(output);
      const said = words === '' ? '' : `: ${words}`;
      if (restarts < RESTARTS_MAX) {
        this.#options.notice(`${name} ${how}${said}; starting it again`);
        this.#spawn(address, index, restarts + 1);
        return;
      }
      this.#options.notice(`${name} ${how}${said}; it is not started again`);
      if (this.#running.size === 0) this.#options.onNoneLeft(words);
    });
  }

  /** They are all on this machine, and say the same: the first that says it is heard. */
  #watchForWays(output: Readable): void {
    createInterface({ input: output }).on('line', (line) => {
      const way = wayLine(line);
      if (way === null || this.#waysTold.has(way)) return;
      this.#waysTold.add(way);
      this.#options.onWay(way);
    });
  }
}

/** Variables that speak to a worker of its own: local workers get all they need as arguments. */
const WORKERS_OWN = [
  'ROCINANTE_HTTP',
  'ROCINANTE_HTTP_TOKEN_FILE',
  'ROCINANTE_POOL',
  'ROCINANTE_DEVICE',
  'ROCINANTE_PRECISION',
  'ROCINANTE_LOG_LEVEL',
  'ROCINANTE_TLS_CA',
  'ROCINANTE_TLS_CERT',
  'ROCINANTE_TLS_KEY',
  'ROCINANTE_TLS_SERVER_NAME',
  'ROCINANTE_TOKEN',
  'ROCINANTE_TOKEN_FILE',
];

function environmentOf(own: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(own).filter(([name]) => !WORKERS_OWN.includes(name)));
}

/** What a line of a worker's log says of its LSTM path, or of the run's precision; null where it is about something else. */
function wayLine(line: string): string | null {
  if (!line.startsWith('{') || !/"(lstm|precision)":/.test(line)) return null;
  try {
    const { lstm, precision, msg } = JSON.parse(line) as { lstm?: string; precision?: string; msg: string };
    return lstm === undefined && precision === undefined ? null : msg;
  } catch {
    // A worker that is killed leaves a line cut.
    return null;
  }
}

/** The last thing that a worker said, without what TensorFlow writes whenever it is loaded, and stack traces. */
function lastWords(output: string): string {
  const line = output
    .split('\n')
    .filter((line) => !/^(WARNING: All log messages before|[IW]\d{4} \d\d:|Node\.js v|\s|$|}$)/.test(line))
    .at(-1);
  return messageOf(line ?? '');
}
