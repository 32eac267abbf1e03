import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { locateBinding } from '@rocinante/engine';
import { ENGINE_MARK } from './engine-mark.js';
import { ok, problem, warning, type Finding } from './finding.js';
import { ENGINE_OUTPUT_BYTES_MAX, ENGINE_TIMEOUT_MS } from './limits.js';

/** It is run compiled, also where a spec runs the source. */
const PROBE = new URL('../../dist/doctor/engine-probe.js', import.meta.url).pathname;

const PRODUCT = '7,10,15,22';

/** How the engine's process ended. */
export interface ProbeEnd {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The engine: found, loads, computes. It runs in a process of its own, whose crash is a finding. */
export async function engineFindings(environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  const check = 'engine files';
  const expected = 'TensorFlow’s library and the binding';
  let path: string;
  try {
    path = locateBinding(environment);
  } catch (error) {
    return [
      problem(check, expected, (error as Error).message, 'run any ./rocinante command: it sets them up'),
    ];
  }
  return [ok(check, expected, path), ...probeFindings(await runProbe(environment), nvidiaCards())];
}

/** What the engine's process says of itself. */
interface ProbeFacts {
  readonly tensorflowVersion: string;
  readonly device: string;
  readonly processor: string;
  readonly features: readonly string[];
  readonly values: readonly number[];
  /** How LSTM layers are computed, and why so. */
  readonly lstmPath?: string;
}

/** What follows from how the process ended. */
export function probeFindings({ code, signal, stdout, stderr }: ProbeEnd, cards: NvidiaCards): Finding[] {
  const expected = 'it loads, and multiplies two matrices';
  const line = stdout.split('\n').find((line) => line.startsWith(ENGINE_MARK));
  const said = lastLine(stderr);
  if (line === undefined) {
    const end = signal === null ? `it ended with ${code}` : `it was ended by ${signal}`;
    const advice =
      signal === 'SIGILL'
        ? 'this processor lacks what the library needs: use another machine'
        : 'remove the engine’s folder, and run any ./rocinante command to set it up again';
    return [problem('engine', expected, said === '' ? end : `${end}: ${said}`, advice)];
  }
  const { tensorflowVersion, device, processor, features, values, lstmPath } = JSON.parse(
    line.slice(ENGINE_MARK.length),
  ) as ProbeFacts;
  const found = `TensorFlow ${tensorflowVersion} on ${device}, ${processor} (${features.join(', ')})`;
  if (values.join(',') !== PRODUCT) {
    const wrong = `${found}: ${values.join(',')} in place of ${PRODUCT}`;
    return [problem('engine', expected, wrong, 'the machine computes wrong: take it out of the cluster')];
  }
  const isClean = code === 0 && signal === null;
  const engine = isClean
    ? ok('engine', expected, found)
    : warning(
        'engine',
        expected,
        `${found}; at its end ${signal ?? code}`,
        'it works; tell us with `support`',
      );
  const path =
    lstmPath === undefined ? [] : [ok('LSTM path', 'one that computes as the plain one', lstmPath)];
  return [engine, cardsFinding(device, cards), ...path];
}

/** NVIDIA's cards and driver, as the kernel lists them. */
export interface NvidiaCards {
  /** Null where there is no driver. */
  readonly driver: string | null;
  readonly models: readonly string[];
}

function cardsFinding(device: string, { driver, models }: NvidiaCards): Finding {
  const check = 'GPU';
  if (driver === null && device !== 'gpu')
    return ok(check, 'cards, or the processor', 'no driver: it computes on the processor');
  const found = `driver ${driver ?? 'unknown'}, ${models.join(', ') || 'no card listed'}; the engine uses the ${device}`;
  if (device === 'gpu') return ok(check, 'the engine uses the cards', found);
  if (models.length === 0) {
    return warning(
      check,
      'cards with the driver',
      found,
      'look at nvidia-smi: the cards are not there or have failed',
    );
  }
  const advice = 'workers here use the processor only: the engine that is set up is the processor’s build';
  return warning(check, 'the engine uses the cards', found, advice);
}

function nvidiaCards(): NvidiaCards {
  const root = '/proc/driver/nvidia';
  try {
    const driver = /Module\s+([\d.]+)/.exec(readFileSync(`${root}/version`, 'utf8'))?.[1] ?? 'unknown';
    const models = readdirSync(`${root}/gpus`).map(
      (card) =>
        /^Model:\s*(.*)$/m.exec(readFileSync(`${root}/gpus/${card}/information`, 'utf8'))?.[1].trim() ?? card,
    );
    return { driver, models };
  } catch {
    return { driver: null, models: [] };
  }
}

function runProbe(environment: NodeJS.ProcessEnv): Promise<ProbeEnd> {
  return new Promise((resolve) => {
    const probe = spawn(process.execPath, [PROBE], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: environment,
      timeout: ENGINE_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    probe.stdout.setEncoding('utf8').on('data', (text: string) => (stdout = tail(stdout + text)));
    probe.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = tail(stderr + text)));
    probe.on('error', (error) => resolve({ code: 1, signal: null, stdout, stderr: error.message }));
    probe.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

function tail(text: string): string {
  return text.slice(-ENGINE_OUTPUT_BYTES_MAX);
}

/** The line that says most: an error's message stands before its stack and Node's version. */
function lastLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  const message = lines.find((line) => /^\w*Error\b.*: /.test(line));
  return message ?? lines.findLast((line) => line !== '' && !line.startsWith('Node.js v')) ?? '';
}
