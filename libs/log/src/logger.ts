import { pino, type Logger } from 'pino';
import { oneLine, RocinanteError } from '@rocinante/base';
import { foreignLine } from './foreign-line.js';
import { standardErrorOutput } from './line-output.js';
import { prettyFormat } from './pretty-format.js';
import { redactLine } from './redaction.js';

export type { Logger };

/** From the least important on; `error` is what ends a run or a process. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LoggerOptions {
  /** Events below it are not written. */
  readonly level: LogLevel;
  /** One line for people instead of JSON. Default: whether standard error is a terminal. */
  readonly pretty?: boolean;
  /** Receives each event that is written, as one JSON object without a line's end, however it is shown. */
  readonly onLine?: (line: string) => void;
  /** Where lines go. Default: standard error, at once where that takes them (`LineOutput`). */
  readonly destination?: { write(text: string): unknown };
}

/**
 * A process's log: one JSON line an event, with `level` as a word, `time` (RFC 3339, UTC), the event's fields, and `msg`.
 * What an event is about is in `run`, `step` and `worker`, usually given once: `log.child({ run })`. An error is `err`.
 *
 * No secret ever: the values of fields named like one (redaction.ts) are replaced. Don't put one into `msg`.
 */
export function createLogger(options: LoggerOptions): Logger {
  const { level, onLine } = options;
  const destination = options.destination ?? standardErrorOutput();
  const shown = (options.pretty ?? process.stderr.isTTY) ? prettyFormat() : null;
  const output = {
    write(text: string): void {
      const line = redactLine(text.trimEnd());
      destination.write(shown ? shown(line) : `${line}\n`);
      onLine?.(line);
    },
  };
  return pino(
    {
      level,
      // Neither process id nor host name: whoever collects lines of many processes knows where they come from.
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: errorFields },
    },
    output,
  );
}

/**
 * Shows lines of other processes among this one's, each with the worker whose it is: a line of a log as it is, anything else as
 * an event that says it. On a terminal the worker's name stands before the line.
 */
export function createRelay(
  options: Pick<LoggerOptions, 'pretty' | 'destination'> = {},
): (line: string, worker: string) => void {
  const destination = options.destination ?? standardErrorOutput();
  const shown = (options.pretty ?? process.stderr.isTTY) ? prettyFormat() : null;
  return (line, worker) => {
    const event = { level: 'info', time: new Date().toISOString(), worker, msg: oneLine(line) };
    const kept = foreignLine(line, { worker }) ?? JSON.stringify(event);
    destination.write(shown ? `${worker} ${shown(kept)}` : `${kept}\n`);
  };
}

/** An error that somebody foresaw is its code and its line; any other has its stack too. */
function errorFields(error: unknown): unknown {
  if (error instanceof RocinanteError) return { code: error.code, message: error.message };
  return pino.stdSerializers.err(error as Error);
}
