import { join, resolve } from 'node:path';
import { RandomStream } from '@rocinante/base';
import { NoGoodCheckpointError } from '@rocinante/checkpoint';
import { encodeCorpus, wordsOf, type EncodedCorpus } from '@rocinante/corpus';
import { networkLayout } from '@rocinante/model';
import { networkOf, runWindows, type RunConfig, type RunShape } from '@rocinante/training';
import { writeWeightsFile } from '@rocinante/weights';
import { serverTraffic } from '@rocinante/wire';
import { resolveConfig, type ConfigFlags } from '../config.js';
import { readCorpus } from '../corpus/corpus-file.js';
import { RunFailedError, UsageError } from '../errors.js';
import { WORDS_ENTRY } from '../sample-text.js';
import { EventLog } from './event-log.js';
import { LocalWorkers } from './local-workers.js';
import { ProgressDisplay } from './progress-display.js';
import { RunCheckpoints, type LoadedRun } from './run-checkpoints.js';
import { RunDirectory, type RunRecord } from './run-directory.js';
import { stopOnSignals } from './stop-signals.js';
import { Throughput } from './throughput.js';
import { closingText, openingLines, summarise } from './train-report.js';
import { runShape, TrainingRun } from './training-run.js';

const DEFAULT_CORPUS = 'bundled';

/** Ctrl-C, after a checkpoint. */
const EXIT_INTERRUPTED = 130;

/** The sample at a run's end: short where each symbol costs a whole window. */
const SAMPLE_LENGTH = { every: 500, last: 200 } as const;
const SAMPLE_TEMPERATURE = 0.6;
/** Characters of a piece of text. */
const TEXT_PIECE = 1 << 16;

const SAMPLE_TIMEOUT_MS = 120_000;

export interface TrainOptions {
  readonly flags: ConfigFlags;
  /** A file, `bundled` or `quijote`; absent for the default, or the resumed run's. */
  readonly corpus: string | undefined;
  readonly workers: number;
  /** Compute threads of each worker. */
  readonly threads: number;
  /** Absolute; null for a new one in `runs`. */
  readonly runDir: string | null;
  readonly resume: boolean;
  /** Time between two checkpoints by the clock; 0 for none. */
  readonly checkpointSeconds: number;
  readonly corpusCache: boolean;
  readonly json: boolean;
}

/**
 * Trains on this machine, to the end or to the first Ctrl-C.
 * @returns the exit code: 0 done, 130 interrupted.
 * @throws {RocinanteError} wrong usage or input (2), or the run could not go on (1).
 */
export async function train(options: TrainOptions): Promise<number> {
  if (options.resume && options.runDir === null) {
    throw new UsageError('--resume: expected --run-dir with the directory of the run to go on with');
  }
  const directory = new RunDirectory(options.runDir ?? resolve('runs', timeName(new Date())));
  const saved = options.resume ? directory.read() : null;
  const config = resolveConfig(options.flags, saved?.config);
  const file = await readCorpus(options.corpus ?? saved?.corpus.source ?? DEFAULT_CORPUS, process.env);
  const corpus = encodeCorpus(file.bytes, {
    normalisation: config.text.normalisation,
    subject: `corpus ${file.name}`,
  });
  const shape = runShape(config, corpus, options.checkpointSeconds * 1000);

  const source = ['bundled', 'quijote'].includes(file.name) ? file.name : resolve(file.path);
  const record: RunRecord = { version: 1, config, corpus: { source, sha256: corpus.textSha256 } };
  if (saved) directory.reopen(saved, record);
  else directory.create();
  try {
    const checkpoints = new RunCheckpoints(directory.checkpointsPath, {
      config,
      layout: networkLayout(networkOf(config, corpus.vocabulary.size)),
      vocabulary: corpus.vocabulary.symbols,
      corpusSha256: corpus.textSha256,
    });
    const loaded = saved ? await loadNewest(checkpoints) : null;
    if (loaded && loaded.progress.step > shape.stepsTotal) {
      throw new UsageError(
        `--steps: the run has ${loaded.progress.step} steps already; expected at least so many, received ${shape.stepsTotal}`,
      );
    }
    directory.write(record);
    return await runToEnd(options, { config, corpus, shape, checkpoints, loaded, directory });
  } finally {
    directory.release();
  }
}

/** A run that is ready to begin. */
interface Prepared {
  readonly config: RunConfig;
  readonly corpus: EncodedCorpus;
  readonly shape: RunShape;
  readonly checkpoints: RunCheckpoints;
  readonly loaded: LoadedRun | null;
  readonly directory: RunDirectory;
}

async function runToEnd(options: TrainOptions, prepared: Prepared): Promise<number> {
  const { config, corpus, shape, loaded, directory } = prepared;
  const throughput = new Throughput(() => performance.now());
  const step = loaded?.progress.step ?? 0;
  const log = new EventLog(directory.eventsPath, step);
  const display = new ProgressDisplay(shape, step, throughput, process.stderr.isTTY && !options.json);
  for (const line of openingLines(options, prepared)) display.line(line);

  const run = new TrainingRun({ ...prepared, observers: [throughput, log, display] });
  log.onFailure = (error) =>
    run.abort(
      new RunFailedError(`${directory.eventsPath}: cannot be written: ${error.message}`, { cause: error }),
    );
  const workers = new LocalWorkers({
    count: options.workers,
    threads: options.threads,
    corpusCache: options.corpusCache,
    notice: (message) => {
      log.noticed(message);
      display.line(message);
    },
    onNoneLeft: (output) => run.abort(new RunFailedError(`no worker is left; the last one said: ${output}`)),
  });
  const release = stopOnSignals(() => {
    display.line('stopping at the end of this step, with a checkpoint; once more ends at once');
    run.stop();
  });
  try {
    const address = await run.start('127.0.0.1:0');
    log.listening(address);
    workers.start(address);
    const outcome = await run.end();
    if (outcome === 'stopped') {
      display.finished();
      display.line(
        `stopped after step ${run.progress.step}; go on with: ./rocinante train --resume --run-dir ${directory.shownPath}`,
      );
      return EXIT_INTERRUPTED;
    }
    const weights = await writeWeightsFile(directory.finalWeightsPath, {
      network: networkOf(config, corpus.vocabulary.size),
      vocabulary: corpus.vocabulary.symbols,
      normalisation: config.text.normalisation,
      window: config.text.window,
      step: run.progress.step,
      configuration: config,
      further: { [WORDS_ENTRY]: JSON.stringify(wordsOf(corpusText(corpus))) },
      parameters: run.parameters,
    });
    display.finished();
    const text = options.json ? null : await sampleOrSayWhy(run, config, corpus, display);
    const summary = {
      ...summarise(run.progress),
      windowsPerSecond: throughput.windowsPerSecond,
      ...serverTraffic(),
      weightsSha256: weights.sha256,
      runDir: directory.path,
    };
    process.stdout.write(
      options.json
        ? `${JSON.stringify(summary)}\n`
        : closingText(summary, join(directory.shownPath, 'weights', 'final.safetensors'), text),
    );
    return 0;
  } finally {
    release();
    display.finished();
    await run.close('the run is over');
    await workers.stop();
    log.close();
  }
}

/** Where the run goes on; null where it was ended before its first checkpoint, so that it begins. */
async function loadNewest(checkpoints: RunCheckpoints): Promise<LoadedRun | null> {
  try {
    return await checkpoints.load();
  } catch (error) {
    if (error instanceof NoGoodCheckpointError && error.passedOver.length === 0) return null;
    throw error;
  }
}

/** A sample is no reason for a run that is done to fail. */
async function sampleOrSayWhy(
  run: TrainingRun,
  config: RunConfig,
  corpus: EncodedCorpus,
  display: ProgressDisplay,
): Promise<string | null> {
  try {
    return await drawSample(run, config, corpus);
  } catch (error) {
    display.line((error as Error).message);
    return null;
  }
}

/** A sample from a window of the text that the seed chooses: what the network writes after it. */
async function drawSample(run: TrainingRun, config: RunConfig, corpus: EncodedCorpus): Promise<string> {
  const { train } = runWindows(config, corpus.ids.length).windows;
  const stream = new RandomStream(config.seed, 'sampling');
  const start = train.start + stream.integer(train.count) * train.stride;
  const symbols = await run.sample(
    {
      prompt: [...corpus.ids.subarray(start, start + config.text.window)],
      length: SAMPLE_LENGTH[config.network.loss],
      temperature: SAMPLE_TEMPERATURE,
      seed: config.seed,
    },
    SAMPLE_TIMEOUT_MS,
  );
  return corpus.vocabulary.decode(Uint32Array.from(symbols));
}

/** The text again, as it was normalised, in pieces. */
function* corpusText({ ids, vocabulary }: EncodedCorpus): Generator<string> {
  for (let start = 0; start < ids.length; start += TEXT_PIECE) {
    yield vocabulary.decode(ids.subarray(start, start + TEXT_PIECE));
  }
}

/** `2026-11-24T11-30-05` in local time: sorts by name, and is a file name everywhere. */
function timeName(date: Date): string {
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19).replaceAll(':', '-');
}
