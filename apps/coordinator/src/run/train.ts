import { resolve } from 'node:path';
import { demandCard } from '@rocinante/engine';
import { refuseBatchBeyondText } from '../batch-fit.js';
import { givenOptions, resolveConfig } from '../config.js';
import { configForText } from '../config-for-text.js';
import { otherTextLine, textAt, textOf } from '../config-text.js';
import type { GivenOption } from '../config-issue.js';
import { controlSymbolsLine } from '../corpus/control-symbols.js';
import { readCorpus } from '../corpus/corpus-file.js';
import { encodeText } from '../corpus/encode-thread.js';
import { shellWord } from '../display/shell-word.js';
import { UsageError } from '../errors.js';
import { logBytes, parametersReckoned, refuseFullDisk } from './disk-space.js';
import { checkInitialWeights, readInitialWeights } from './checkpoints/first-state.js';
import { runHere } from './local-run.js';
import { prepareRun } from './prepared-run.js';
import { savedVocabulary } from './checkpoints/run-checkpoints.js';
import { RunDirectory, type RunRecord } from './run-directory.js';
import { resumedLength } from './resumed-length.js';
import { RunPlace } from './run-place.js';
import { shapeOf } from './run-shape.js';
import type { TrainOptions } from './train-options.js';

/**
 * Trains on this machine, to the end or to the first Ctrl-C.
 * @returns the exit code: 0 done, 1 done but not all of it in its store, 130 interrupted.
 * @throws {RocinanteError} wrong usage or input (2), or the run could not go on (1).
 */
export async function train(options: TrainOptions): Promise<number> {
  if (options.resume && options.runDir === null) {
    throw new UsageError('--resume: expected --run-dir with the directory of the run to go on with');
  }
  // The checkout's launcher has looked, but a bundle has none; else the workers would say it, over a run that has begun.
  if (options.device === 'gpu') demandCard(process.env);
  const directory = new RunDirectory(options.runDir ?? resolve('runs', timeName(new Date())));
  if (!options.resume) directory.refuseTaken();
  const place = options.store && (await RunPlace.find(options.store, directory.path, options.resume));
  const saved = options.resume ? directory.read() : null;
  const initial = options.initFrom === undefined ? null : await readInitialWeights(options.initFrom);
  const flags = { ...options.flags, ...(initial && { initFrom: initial.sha256 }) };
  const corpus = saved
    ? (options.corpus ?? (await textAt(`run directory ${directory.path}`, saved.corpus, process.env)))
    : await textOf({ corpus: options.corpus, config: flags.config }, process.env);
  const asked = saved ? resolveConfig(flags, saved.config) : await configForText(flags, corpus, process.env);
  if (initial) checkInitialWeights(initial, asked);
  const file = await readCorpus(corpus, process.env);
  const goesOn = saved !== null && asked.initFrom !== null;
  const symbols = initial?.vocabulary ?? (goesOn ? await savedVocabulary(directory.checkpointsPath) : null);
  const subject = `corpus ${file.name}`;
  const text = await encodeText({
    bytes: file.bytes,
    normalisation: asked.text.normalisation,
    subject,
    symbols,
  });
  const { config, line } = saved
    ? resumedLength(asked, saved.config, flags, text.corpus, options.limits)
    : { config: asked, line: null };
  // What is wrong with the text or the disk is said before anything is made.
  const { windowsPerEpoch } = shapeOf(config, text.corpus, options.limits, subject);
  if (!saved) refuseBatchBeyondText(config, windowsPerEpoch, subject);
  const parameterCount = parametersReckoned(config, text.corpus.vocabulary.size);
  await refuseFullDisk(directory.path, '--run-dir', logBytes(directory.eventsPath), parameterCount);
  const source = ['bundled', 'quijote'].includes(file.name) ? file.name : resolve(file.path);
  const record: RunRecord = { version: 1, config, corpus: { source, sha256: text.corpus.textSha256 } };
  if (saved) directory.reopen(saved, record, resumeOptions(options));
  else directory.create();
  try {
    const prepared = await prepareRun(config, text, options.limits, directory, saved?.config ?? null);
    if (config.initFrom !== null && !initial && !prepared.loaded) {
      throw new UsageError(
        `--init-from: the run began with the weights ${config.initFrom}, and has no checkpoint yet; give their file again`,
      );
    }
    directory.write(record);
    await place?.takeNow(prepared);
    const strange = saved ? null : controlSymbolsLine(subject, text.corpus.vocabulary.symbols);
    const lines = [otherTextLine(flags, record.corpus.sha256), line, strange];
    return await runHere(options, lines, prepared, initial, place);
  } finally {
    directory.release();
  }
}

/** The options that say what a run is, as they were given; files are told by their names. */
function resumeOptions({ flags, corpus, initFrom }: TrainOptions): GivenOption[] {
  const files = [
    { setting: 'corpusSha256', option: '--corpus', file: corpus },
    { setting: 'initFrom', option: '--init-from', file: initFrom },
  ].flatMap(({ setting, option, file }) =>
    file === undefined ? [] : [{ setting, text: `${option} ${shellWord(file)}` }],
  );
  return [...givenOptions(flags), ...files];
}

/** `2026-11-24T11-30-05` in local time: sorts by name, and is a file name everywhere. */
function timeName(date: Date): string {
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19).replaceAll(':', '-');
}
