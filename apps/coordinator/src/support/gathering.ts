import type { CoordinatorCheckOptions } from '../doctor/coordinator-checks.js';
import { examine } from '../doctor/examination.js';
import { reportJson } from '../doctor/report.js';
import { afarParts, metricsParts } from './afar-parts.js';
import { machinePart } from './machine-part.js';
import { jsonPart, type PartOrMissing } from './part.js';
import { directoryParts } from './run-parts.js';

export interface GatheringOptions {
  /** A coordinator's run; undefined where the directory says which. */
  readonly run: string | undefined;
  readonly runDir: string | undefined;
  /** The folder of `serve --data`. */
  readonly data: string;
  /** Null where no coordinator is named, beside a run's directory. */
  readonly probe: CoordinatorCheckOptions | null;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * Everything that helps to understand a run, secrets included: they are taken out when it is packed.
 * @throws {RocinanteError} there is no such run, directory or coordinator.
 */
export async function gather(options: GatheringOptions): Promise<PartOrMissing[]> {
  const { run, runDir, data, probe, environment } = options;
  const parts = runDir === undefined ? await fromAfar(probe!, run!) : await directoryParts(runDir);
  const metrics = probe === null ? [] : await metricsParts(probe.httpAddress, probe.access);
  const sections = await examine({ data, environment, corpus: false, coordinator: probe });
  return [machinePart(environment), jsonPart('doctor.json', reportJson(sections)), ...parts, ...metrics];
}

async function fromAfar({ open }: CoordinatorCheckOptions, run: string): Promise<PartOrMissing[]> {
  const coordinator = open();
  try {
    return await afarParts(coordinator, run);
  } finally {
    coordinator.close();
  }
}
