import { printable } from './printable.js';
import { grouped, timeShown } from './quantities.js';

/**
 * A JSON line of a run's log for a person: `2026-11-24 12:30:05 WARN  worker-1, step 12: what happened {"further":"fields"}`.
 * A line that is no such object is shown as it is.
 */
export function logLine(json: string): string {
  let entry: unknown;
  try {
    entry = JSON.parse(json);
  } catch {
    return printable(json);
  }
  if (typeof entry !== 'object' || entry === null) return printable(json);
  const { time, level, msg, worker, step, event, ...others } = entry as Record<string, unknown>;
  // Which run it is about, whoever asked for its lines knows; and what an event's fields say, its message says too.
  const further = typeof event === 'string' ? [] : Object.entries(others).filter(([key]) => key !== 'run');
  const about = [
    ...(typeof worker === 'string' ? [worker] : []),
    ...(typeof step === 'number' ? [`step ${grouped(step)}`] : []),
  ].join(', ');
  const parts = [
    typeof time === 'string' ? timeShown(time) : '-',
    (typeof level === 'string' ? level : '-').toUpperCase().padEnd(5),
    (about === '' ? '' : `${about}: `) + (typeof msg === 'string' ? msg : ''),
    ...(further.length === 0 ? [] : [JSON.stringify(Object.fromEntries(further))]),
  ];
  return printable(parts.join(' '));
}
