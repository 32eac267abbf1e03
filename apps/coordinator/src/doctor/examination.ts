import { cacheDirectory } from '@rocinante/base';
import { corpusFinding } from './corpus-check.js';
import { coordinatorFindings, type CoordinatorCheckOptions } from './coordinator-checks.js';
import { cacheFinding, dataFindings } from './disk-checks.js';
import { engineFindings } from './engine-check.js';
import { problem, type Finding } from './finding.js';
import { CARD_ENGINE_TIMEOUT_MS, CHECK_TIMEOUT_MS, ENGINE_TIMEOUT_MS } from './limits.js';
import { machineFacts, machineFindings } from './machine-checks.js';

export interface ExaminationOptions {
  /** The folder of `serve --data`. */
  readonly data: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Whether the address of `corpus fetch` is asked. */
  readonly corpus: boolean;
  /** Null: only this machine. */
  readonly coordinator: CoordinatorCheckOptions | null;
}

/** A part of what is looked at, with its findings. */
export interface Section {
  readonly title: string;
  readonly findings: readonly Finding[];
}

/** Looks at everything. A check that fails, or takes too long, is a finding. */
export async function examine(options: ExaminationOptions): Promise<Section[]> {
  const { data, environment, corpus, coordinator } = options;
  const machine: readonly (readonly Finding[])[] = await Promise.all([
    guarded('machine', () => Promise.resolve(machineFindings(machineFacts()))),
    guarded('engine', () => engineFindings(environment), ENGINE_TIMEOUT_MS + CARD_ENGINE_TIMEOUT_MS),
    guarded('data folder', () => dataFindings(data)),
    guarded('cache folder', () => Promise.resolve([cacheFinding(cacheDirectory(environment))])),
    ...(corpus ? [guarded('corpus fetch', async () => [await corpusFinding(environment)])] : []),
  ]);
  const sections: Section[] = [{ title: 'this machine', findings: machine.flat() }];
  if (coordinator !== null) {
    const findings = await guarded(
      'coordinator',
      () => coordinatorFindings(coordinator),
      4 * CHECK_TIMEOUT_MS,
    );
    sections.push({ title: `coordinator at ${coordinator.address}`, findings });
  }
  return sections;
}

async function guarded(
  check: string,
  look: () => Promise<readonly Finding[]>,
  timeoutMs = CHECK_TIMEOUT_MS,
): Promise<readonly Finding[]> {
  const advice = 'look at it by hand';
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly Finding[]>((resolve) => {
    timer = setTimeout(
      () => resolve([problem(check, `an answer within ${timeoutMs / 1000} s`, 'none', advice)]),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([look(), late]);
  } catch (error) {
    return [problem(check, 'it can be looked at', (error as Error).message, advice)];
  } finally {
    clearTimeout(timer);
  }
}
