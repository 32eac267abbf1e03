import { networkLayout } from '@rocinante/model';
import { layoutSha256, type ParameterLayout } from '@rocinante/parameters';
import { networkOf, runConfigSchema, type RunConfig } from '@rocinante/training';
import { WireError, type StartRunMessage } from '@rocinante/wire';
import { corpusIds, type CorpusRequestOptions } from './corpus-source.js';
import type { OpenRun } from './engine-messages.js';

/** What a worker has before it can say that it is ready for a run. */
export interface PreparedRun {
  readonly layout: ParameterLayout;
  readonly opening: OpenRun;
}

/**
 * Everything that a run needs on this machine: its configuration, its layout, its corpus.
 * @throws {WireError} MALFORMED: a configuration of another release, another layout, no corpus; and as `corpusIds`.
 */
export async function prepareRun(
  message: StartRunMessage,
  source: Omit<CorpusRequestOptions, 'corpus'>,
): Promise<PreparedRun> {
  const { run, corpus } = message;
  if (corpus === null) throw new WireError('MALFORMED', `run ${run}: expected a corpus, received none`);
  const config = configOf(message);
  const layout = networkLayout(networkOf(config, corpus.vocabularySize));
  const sha256 = layoutSha256(layout);
  if (sha256 !== message.layoutSha256) {
    throw new WireError(
      'MALFORMED',
      `run ${run}: layout: expected ${message.layoutSha256}, received ${sha256}`,
    );
  }
  const ids = await corpusIds({ ...source, corpus });
  const { vocabularySize, idBytes } = corpus;
  return { layout, opening: { type: 'open-run', config, vocabularySize, ids, idBytes } };
}

function configOf({ run, configJson }: StartRunMessage): RunConfig {
  let value: unknown;
  try {
    value = JSON.parse(configJson);
  } catch (cause) {
    throw new WireError('MALFORMED', `run ${run}: its configuration is not JSON`, { cause });
  }
  const parsed = runConfigSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  throw new WireError(
    'MALFORMED',
    `run ${run}: its configuration is another release's: ${[...path, message].join(': ')}; ` +
      'use the same release on both sides',
  );
}
