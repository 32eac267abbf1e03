#!/usr/bin/env node
import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { CommanderError } from 'commander';
import { readClientSecurity } from '@rocinante/access';
import { RocinanteError, strayVariablesLine, usageLine } from '@rocinante/base';
import { engineLibraries, gpuTrouble, locateBinding, readNvidia } from '@rocinante/engine';
import { createLogger, type Logger } from '@rocinante/log';
import { OwnCard } from './cards/own-card.js';
import { superviseCards } from './cards/supervise.js';
import { workerCommand, type WorkerConfig } from './config.js';
import type { EngineFacts } from './engine-messages.js';
import { EngineProxy } from './engine-proxy.js';
import { LEAST_SECONDS } from './engine-watch.js';
import { LogRelay } from './log-relay.js';
import { WorkerMetrics } from './metrics/worker-metrics.js';
import { OwnCertificate } from './own-certificate.js';
import { ownRoutes, serveOwnHttp } from './own-http.js';
import { Worker } from './worker.js';

const EXIT_USAGE = 2;
/** What Ctrl-C gives as an exit code, where a second one ends without a farewell. The engine's op is waited for all the same. */
const EXIT_AT_ONCE = 130;

/**
 * How long the engine's op in progress is waited for, or a gradient by a graph: two seconds, and two more where TensorFlow prepares the
 * graph first. What takes longer hangs, and only the kernel can end it.
 */
const ENGINE_STOP_MS = 6_000;

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

/**
 * The command `worker`: joins a coordinator and works for it until SIGTERM or SIGINT.
 * @param argv the words after `worker`.
 * @param hangSeconds an answer of the engine is waited for at least so long; a spec of a hang does not wait for a minute.
 * @returns the exit code: 0 stopped, 1 failed, 2 wrong usage.
 */
export async function main(argv: readonly string[], hangSeconds = LEAST_SECONDS): Promise<number> {
  let exitCode = 0;
  const command = workerCommand(async (config) => {
    exitCode = await begin(config, argv, hangSeconds);
  }).configureOutput({ outputError: (text, write) => write(usageLine(text)) });
  try {
    await command.exitOverride().parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    throw error;
  }
}

/**
 * Whether these words let the worker run. Where they do not, `main` only shows help or says what is wrong with them, and needs no
 * engine for that.
 */
export async function runs(argv: readonly string[]): Promise<boolean> {
  let isSound = false;
  const command = workerCommand(() => {
    isSound = true;
    return Promise.resolve();
  }).configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  try {
    await command.exitOverride().parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
  }
  return isSound;
}

async function begin(config: WorkerConfig, argv: readonly string[], hangSeconds: number): Promise<number> {
  // Whoever started a local worker, or one of several cards, has said it.
  const stray = config.endWithParent || config.supervised ? null : strayVariablesLine(process.env);
  if (stray !== null) createLogger({ level: config.logLevel }).child({ worker: config.name }).warn(stray);
  try {
    readClientSecurity(config, config.coordinator, process.env);
  } catch (error) {
    if (!(error instanceof RocinanteError)) throw error;
    // As a wrong option is told of, and before the engine is loaded.
    process.stderr.write(`rocinante: ${error.message}\n`);
    return error.exitCode;
  }
  const { gpus } = config;
  return gpus === undefined ? work(config, hangSeconds) : superviseCards({ ...config, gpus }, argv);
}

async function work(config: WorkerConfig, hangSeconds: number): Promise<number> {
  const relay = new LogRelay();
  const log = createLogger({ level: config.logLevel, onLine: relay.take }).child({ worker: config.name });
  const metrics = new WorkerMetrics(version);
  let engineDied: (error: Error) => void;
  const death = new Promise<never>((_, reject) => (engineDied = reject));
  const { threads, device, precision, lstm } = config;
  const engine = new EngineProxy(
    { threads, device, tf32: precision === 'tf32', lstm },
    (error) => engineDied(error),
    (line) => log.warn(line),
    (line) => {
      log.error(line);
      killSelf();
    },
    hangSeconds,
  );
  const worker = new Worker(config, { engine, log, relay, metrics });
  const card = new OwnCard(process.env, log, metrics);
  new OwnCertificate(config, log, metrics).start();
  process.on('exit', () => card.stop());

  const stopped = new Promise<null>((resolve) => {
    const stop = (reason: string): void => {
      log.info(`stopping: ${reason}`);
      worker.stop();
      resolve(null);
    };
    let asked = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      // A control group's manager signals every process of it, and the supervisor tells its workers besides.
      if (asked && config.supervised) return;
      if (asked) process.exit(EXIT_AT_ONCE);
      asked = true;
      stop(`received ${signal}`);
    };
    process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
    if (!config.supervised) return;
    process.stdin.on('end', () => {
      if (!asked) stop('told by its supervisor');
      asked = true;
    });
    process.stdin.resume();
  });
  if (config.endWithParent) process.stdin.on('end', () => process.exit(0)).resume();

  try {
    const routes = ownRoutes(metrics, config.coordinator, () => worker.connected);
    const http = await serveOwnHttp(config, routes, log);
    const facts = await Promise.race([engine.request({ type: 'describe' }), death, stopped]);
    if (facts !== null) {
      metrics.engineStarted(facts);
      if (device === 'auto' && facts.device === 'cpu') tellOfCards(log);
      if (facts.notice !== null) log.warn(facts.notice);
      tellPath(facts, log);
      if (device !== 'cpu') card.start(facts.device === 'gpu');
      await Promise.race([worker.run(facts), death]);
    }
    await http?.stop();
  } catch (error) {
    if (!(error instanceof RocinanteError)) throw error;
    log.error({ code: error.code }, error.message);
    return error.exitCode;
  }
  await endEngine(engine, log);
  return 0;
}

/** A card that is there and not used is told of; a machine without NVIDIA's driver is as it should be. */
function tellOfCards(log: Logger): void {
  const nvidia = readNvidia(process.env);
  if (nvidia.driver === null && nvidia.cards.length === 0) return;
  const trouble = gpuTrouble(process.env, engineLibraries(locateBinding(process.env)), nvidia);
  log.warn(`computing on the processor: ${trouble}`);
}

/** Says how LSTM layers are computed, but for the processor's plain path, which is what everybody expects. */
function tellPath({ device, lstm: { path, reason, notice } }: EngineFacts, log: Logger): void {
  if (notice !== null) log.warn({ lstm: path }, notice);
  else if (device !== 'cpu' || path !== 'plain') log.info({ lstm: path }, `LSTM path ${path}: ${reason}`);
}

async function endEngine(engine: EngineProxy, log: Logger): Promise<void> {
  const timer = setTimeout(() => {
    log.error(
      `an op or a gradient of the engine has not ended within ${ENGINE_STOP_MS / 1000} s: the process is killed`,
    );
    killSelf();
  }, ENGINE_STOP_MS);
  await engine.stop();
  clearTimeout(timer);
}

/** Ends the process whatever its engine does: an exit would wait for the engine's thread. */
function killSelf(): void {
  process.kill(process.pid, 'SIGKILL');
}

// Local workers run this file; the launcher imports it.
if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exit(await main(process.argv.slice(2)));
}
