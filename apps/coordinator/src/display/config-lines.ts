import { isSettings } from '../settings.js';
import { printable } from './printable.js';
import { wrapped } from './wrapped.js';

/**
 * A configuration for a person: a line for each of its groups, and more where a group has much. Of steps and epochs only the
 * one that decides. `--json` has it as it is.
 */
export function configLines(configJson: string): string[] {
  const config = JSON.parse(configJson) as { readonly steps?: unknown };
  const unused = typeof config.steps === 'number' ? 'epochs' : 'steps';
  const groups = Object.entries(config).filter(([name]) => name !== unused);
  const width = Math.max(...groups.map(([name]) => name.length)) + 2;
  return groups.flatMap(([name, value]: [string, unknown]) => {
    const parts = isSettings(value)
      ? Object.entries(value).map(([key, one]) => `${key} ${shown(one)}`)
      : [shown(value)];
    return wrapped(printable(name).padEnd(width), parts.map(printable));
  });
}

function shown(value: unknown): string {
  if (value === null) return 'none';
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map((one: unknown) => `(${shown(one)})`).join(' ');
  if (!isSettings(value)) return JSON.stringify(value);
  return Object.entries(value)
    .map(([key, one]) => `${key} ${shown(one)}`)
    .join(', ');
}
