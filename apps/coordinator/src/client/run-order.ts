import { basename } from 'node:path';
import type { RunConfig } from '@rocinante/training';
import { refuseBatchBeyondText } from '../batch-fit.js';
import type { ConfigFlags } from '../config.js';
import { configForText } from '../config-for-text.js';
import { readCorpus, type Environment } from '../corpus/corpus-file.js';
import { encodeText } from '../corpus/encode-thread.js';
import { UsageError } from '../errors.js';
import {
  checkInitialWeights,
  readInitialWeights,
  type InitialWeights,
} from '../run/checkpoints/first-state.js';
import { DEFAULT_LIMITS } from '../run/run-limits.js';
import { shapeOf } from '../run/run-shape.js';
import { contentOfBytes, contentOfFile, type Content } from './content.js';
import type { Coordinator } from './coordinator.js';

/** A run that is sound in itself, with all that a coordinator needs for it. */
export interface RunOrder {
  readonly config: RunConfig;
  /** Steps of the whole run. */
  readonly stepsTotal: number;
  readonly corpus: Content;
  /** Of the text as the run reads it. */
  readonly symbols: readonly string[];
  /** What people call the text. */
  readonly corpusName: string;
  /** The weights file that the run begins with, where one was given here. */
  readonly initFrom: Content | null;
}

/**
 * Reads all that a run is made of and checks it, so that what is wrong with it is said before anything is sent.
 * @param corpus a file, `bundled` or `quijote`.
 * @param initFrom path of a weights file, a checkpoint or a run's directory; absent for first values from the seed.
 * @throws {UsageError} and libs/corpus's and libs/weights's errors: exit code 2, one line.
 */
export async function readRunOrder(
  flags: ConfigFlags,
  corpus: string,
  initFrom: string | undefined,
  environment: Environment,
): Promise<RunOrder> {
  const weights = initFrom === undefined ? null : await readInitialWeights(initFrom);
  const config = await configForText({ ...flags, initFrom: weights?.sha256 }, corpus, environment);
  if (weights) checkInitialWeights(weights, config);
  const file = await readCorpus(corpus, environment);
  const subject = `corpus ${file.name}`;
  // In a thread, so that Ctrl-C is heard meanwhile. It is given a copy: the bytes are to be sent.
  const { corpus: encoded } = await encodeText({
    bytes: Uint8Array.from(file.bytes),
    normalisation: config.text.normalisation,
    subject,
    symbols: weights?.vocabulary ?? null,
  });
  const { stepsTotal, windowsPerEpoch } = shapeOf(config, encoded, DEFAULT_LIMITS, subject);
  refuseBatchBeyondText(config, windowsPerEpoch, subject);
  return {
    config,
    stepsTotal,
    symbols: encoded.vocabulary.symbols,
    corpus: contentOfBytes(subject, file.bytes),
    corpusName: file.name === file.path ? basename(file.path) : file.name,
    initFrom: weights && (await initialContent(weights)),
  };
}

async function initialContent({ path, content }: InitialWeights): Promise<Content> {
  const subject = `--init-from ${path}`;
  return content === null ? contentOfFile(subject, path) : contentOfBytes(subject, content);
}

/** Which of some contents were sent, and which were there. */
export interface SentContents {
  readonly sent: readonly Content[];
  readonly known: readonly Content[];
}

/**
 * Sends those of some contents that the coordinator does not have.
 * @param progress begins to show a transfer.
 */
export async function sendMissing(
  coordinator: Coordinator,
  contents: readonly Content[],
  progress: (content: Content) => { at(bytes: number): void; finished(): void },
): Promise<SentContents> {
  const there = await coordinator.have(contents.map(({ sha256 }) => sha256));
  const sent: Content[] = [];
  const known: Content[] = [];
  for (const content of contents) {
    let wasThere = there.has(content.sha256);
    if (!wasThere) {
      const shown = progress(content);
      try {
        wasThere = await coordinator.push(content, (bytes) => shown.at(bytes));
      } finally {
        shown.finished();
      }
    }
    (wasThere ? known : sent).push(content);
  }
  return { sent, known };
}

/**
 * Checks that the coordinator has the weights file that a configuration names without bringing it.
 * @throws {UsageError} it does not.
 */
export async function checkInitFrom(coordinator: Coordinator, { config, initFrom }: RunOrder): Promise<void> {
  if (config.initFrom === null || initFrom !== null) return;
  if ((await coordinator.have([config.initFrom])).has(config.initFrom)) return;
  throw new UsageError(
    `initFrom: the coordinator has no weights file ${config.initFrom}; give the file with --init-from`,
  );
}
