import { percent } from './figures.js';
import type { RunJson } from '@rocinante/run-json';

/**
 * What a tab says, also where another is looked at: `62 % moby-dick · Rocinante`, `failed · moby-dick · Rocinante`.
 * @param isLost whether the page knows nothing of the present.
 */
export function titleOf(
  { name, state, step, stepsTotal }: Pick<RunJson, 'name' | 'state' | 'step' | 'stepsTotal'>,
  isLost: boolean,
): string {
  if (isLost) return `lost · ${name} · Rocinante`;
  if (state !== 'running') return `${state} · ${name} · Rocinante`;
  return `${stepsTotal === null ? '' : `${percent(step / stepsTotal)} `}${name} · Rocinante`;
}
