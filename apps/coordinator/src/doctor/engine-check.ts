import { spawn } from 'node:child_process';
import { mixedCost } from '@rocinante/compute';
import {
  computingCard,
  engineLibraries,
  gpuDoubt,
  gpuTrouble,
  locateBinding,
  readNvidia,
  servesCudnn,
  visibleCards,
  type Card,
  type EngineLibraries,
  type Nvidia,
} from '@rocinante/engine';
import { ENGINE_MARK } from './engine-mark.js';
import { ok, problem, warning, type Finding } from './finding.js';
import { CARD_ENGINE_TIMEOUT_MS, ENGINE_OUTPUT_BYTES_MAX, ENGINE_TIMEOUT_MS } from './limits.js';

/** It is run compiled, also where a spec runs the source. */
const PROBE = new URL('../../dist/doctor/engine-probe.js', import.meta.url).pathname;

const PRODUCT = '7,10,15,22';

/** How the engine's process ended. */
export interface ProbeEnd {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** After how long it was ended, since it had not answered; absent where it ended by itself. */
  readonly timeoutMs?: number;
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
  const libraries = engineLibraries(path);
  const nvidia = readNvidia(environment);
  const machine = { nvidia, libraries, environment };
  const isOnCard = libraries.forCards && nvidia.cards.length > 0;
  const timeoutMs = isOnCard ? CARD_ENGINE_TIMEOUT_MS : ENGINE_TIMEOUT_MS;
  return [ok(check, expected, path), ...probeFindings(await runProbe(environment, timeoutMs), machine)];
}

/** What an engine can compute on here. */
export interface EngineMachine {
  readonly nvidia: Nvidia;
  readonly libraries: EngineLibraries;
  readonly environment: NodeJS.ProcessEnv;
}

/** What the process says of the engine, and what it computed. */
interface ProbeFacts {
  readonly tensorflowVersion: string;
  readonly device: 'cpu' | 'gpu';
  readonly model: string;
  readonly features: readonly string[];
  /** Whether `--precision mixed` is computed by instructions for it; null where that is not known, and refused. */
  readonly multipliesBfloat16: boolean | null;
  readonly values: readonly number[];
  /** Which way a layer is computed, and why; absent where there is no choice. */
  readonly lstmPath?: string;
  /** One line where a faster path was passed over, which happens on cards. */
  readonly lstmNotice?: string | null;
  /** Why no path can be taken. */
  readonly lstmFault?: string;
  /** A line about libraries that are not the engine's own. */
  readonly notice?: string | null;
}

/** What follows from how the process ended. */
export function probeFindings(
  { code, signal, stdout, stderr, timeoutMs }: ProbeEnd,
  machine: EngineMachine,
): Finding[] {
  const expected = 'it loads, and multiplies two matrices';
  const line = stdout.split('\n').find((line) => line.startsWith(ENGINE_MARK));
  const said = lastLine(stderr);
  if (line === undefined && timeoutMs !== undefined) {
    const late = `it did not answer within ${timeoutMs / 1000} s`;
    const advice =
      'run it again: a first load reads gigabytes, and compiles for a card; if it stays so, use --device cpu';
    return [problem('engine', expected, said === '' ? late : `${late}: ${said}`, advice)];
  }
  if (line === undefined) {
    const end = signal === null ? `it ended with ${code}` : `it was ended by ${signal}`;
    const advice =
      signal === 'SIGILL'
        ? 'this processor lacks what the library needs: use another machine'
        : 'remove the engine’s folder, and run any ./rocinante command to set it up again';
    return [problem('engine', expected, said === '' ? end : `${end}: ${said}`, advice)];
  }
  const facts = JSON.parse(line.slice(ENGINE_MARK.length)) as ProbeFacts;
  const { tensorflowVersion, device, model, features, values, notice } = facts;
  const found = `TensorFlow ${tensorflowVersion} on ${device}, ${model} (${features.join(', ')})`;
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
  return [
    engine,
    cardsFinding(device, notice ?? null, machine),
    ...pathFindings(facts, machine),
    mixedFinding(facts),
  ];
}

function pathFindings({ lstmPath, lstmNotice, lstmFault }: ProbeFacts, machine: EngineMachine): Finding[] {
  const check = 'LSTM path';
  const expected = 'one that computes as the plain one';
  if (lstmFault !== undefined) {
    return [problem(check, expected, lstmFault, 'nothing can be trained on it; tell us with `support`')];
  }
  if (lstmPath === undefined) return [];
  if (typeof lstmNotice !== 'string') return [ok(check, expected, lstmPath)];
  const advice = cardsInUse(machine).every(servesCudnn)
    ? 'it works, but slower than it should; tell us with `support`'
    : 'it works: cuDNN has no kernels for this card, and is done without';
  return [warning(check, expected, lstmNotice, advice)];
}

function mixedFinding(facts: ProbeFacts): Finding {
  const [check, expected] = ['--precision mixed', 'bfloat16 instructions, or none'];
  if (facts.multipliesBfloat16 === null) {
    const found = 'refused: the compute capability of the card is unknown';
    return warning(
      check,
      expected,
      found,
      'put nvidia-smi in PATH; where it does not say it either, use float32',
    );
  }
  return ok(check, expected, mixedCost(facts) ?? 'by bfloat16 instructions');
}

function cardsFinding(
  device: string,
  notice: string | null,
  { nvidia, libraries, environment }: EngineMachine,
): Finding {
  const check = 'GPU';
  const { driver, cards } = nvidia;
  if (driver === null && cards.length === 0 && device !== 'gpu')
    return ok(check, 'cards, or the processor', 'no driver: it computes on the processor');
  const { cuda, cudnn } = libraries;
  const found = [
    `driver ${driver ?? 'unknown'}`,
    cards.map(cardShown).join(', ') || 'no card listed',
    libraries.forCards ? `CUDA ${cuda ?? 'unknown'}, cuDNN ${cudnn ?? 'unknown'}` : "the processor's engine",
    `the engine uses the ${device}`,
  ].join('; ');
  const expected = 'the engine uses the cards';
  if (device !== 'gpu') return warning(check, expected, found, gpuTrouble(environment, libraries, nvidia));
  const doubt = notice ?? gpuDoubt(cardsInUse({ nvidia, environment }));
  return doubt === null ? ok(check, expected, found) : warning(check, expected, found, doubt);
}

/** The card that is computed on here, as without `--gpus`. */
function cardsInUse({ nvidia, environment }: Pick<EngineMachine, 'nvidia' | 'environment'>): Card[] {
  return computingCard(visibleCards(nvidia.cards, environment.CUDA_VISIBLE_DEVICES));
}

function cardShown({ index, name, capability }: Card): string {
  return `card ${index} ${name} (compute capability ${capability ?? 'unknown'})`;
}

/** @param program what is run in the engine's place, by a spec. */
export function runProbe(
  environment: NodeJS.ProcessEnv,
  timeoutMs: number,
  program = PROBE,
): Promise<ProbeEnd> {
  return new Promise((resolve) => {
    const probe = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'pipe'], env: environment });
    let late: Pick<ProbeEnd, 'timeoutMs'> = {};
    const timer = setTimeout(() => {
      late = { timeoutMs };
      probe.kill('SIGKILL');
    }, timeoutMs);
    let stdout = '';
    let stderr = '';
    probe.stdout.setEncoding('utf8').on('data', (text: string) => (stdout = tail(stdout + text)));
    probe.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = tail(stderr + text)));
    probe.on('error', (error) => {
      clearTimeout(timer);
      resolve({ code: 1, signal: null, stdout, stderr: error.message });
    });
    probe.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr, ...late });
    });
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
