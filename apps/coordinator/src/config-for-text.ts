import { encodeCorpus } from '@rocinante/corpus';
import type { RunConfig } from '@rocinante/training';
import { refuseBatchBeyondText } from './batch-fit.js';
import { resolveConfig, type ConfigFlags } from './config.js';
import { readCorpus, type Environment } from './corpus/corpus-file.js';
import { UsageError } from './errors.js';
import { DEFAULT_LIMITS } from './run/run-limits.js';
import { shapeOf } from './run/run-shape.js';

/**
 * The configuration of a run that begins, as `resolveConfig` has it. A batch that is refused beside its micro-batch may be larger
 * than the text besides: then that is told, since no micro-batch would help.
 * @param corpus a file, `bundled` or `quijote`; read only to tell that.
 * @throws {UsageError} and libs/corpus's errors.
 */
export async function configForText(
  flags: ConfigFlags,
  corpus: string,
  environment: Environment,
): Promise<RunConfig> {
  try {
    return resolveConfig(flags);
  } catch (error) {
    const { batch: size, microBatch, ...others } = flags;
    if (!(error instanceof UsageError) || size === undefined) throw error;
    const config = resolved(others);
    if (config === null) throw error;
    const file = await readCorpus(corpus, environment);
    const subject = `corpus ${file.name}`;
    const encoded = encodeCorpus(file.bytes, { normalisation: config.text.normalisation, subject });
    const { windowsPerEpoch } = shapeOf(config, encoded, DEFAULT_LIMITS, subject);
    const batch = { size, microBatch: microBatch ?? config.batch.microBatch };
    refuseBatchBeyondText({ ...config, batch }, windowsPerEpoch, subject);
    throw error;
  }
}

/** Null where more is wrong with the options than the batch. */
function resolved(flags: ConfigFlags): RunConfig | null {
  try {
    return resolveConfig(flags);
  } catch {
    return null;
  }
}
