import { createRequire } from 'node:module';
import type * as PinoPretty from 'pino-pretty';

/** `[12:30:05] INFO: joined 10.0.0.1:7070 {"worker":"a"}` */
export function prettyFormat(): (line: string) => string {
  // Loaded only where somebody reads: most processes write for others.
  const { prettyFactory } = createRequire(import.meta.url)('pino-pretty') as typeof PinoPretty;
  const format = prettyFactory({
    colorize: process.stderr.isTTY && !process.env.NO_COLOR,
    translateTime: 'SYS:HH:MM:ss',
    singleLine: true,
  }) as (line: string) => string;
  return (line) => format(line);
}
