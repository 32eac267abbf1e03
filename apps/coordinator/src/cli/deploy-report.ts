import type { HostOutcome } from '../deploy/each-host.js';
import type { ServiceStatus } from '../deploy/service-status.js';
import { printable } from '../display/printable.js';
import { table } from '../display/table.js';
import { COORDINATOR } from '../deploy/service-spec.js';
import { EXIT_DONE, EXIT_FAILED } from '../exit-codes.js';

const LAST_LINE_LENGTH_MAX = 100;

/** One line for a host's failure, on standard error, as it comes. */
export function tellFailure({ host, error }: HostOutcome<unknown>): void {
  if (error !== null) process.stderr.write(`rocinante: ${host}: ${printable(error)}\n`);
}

/**
 * Ends a command: one line of JSON for scripts, or a text; failures have been told.
 * @returns the exit code.
 */
export function finish(json: boolean, outcomes: readonly HostOutcome<object>[], text: string): number {
  const hosts = outcomes.map(({ host, value, error }) => ({ host, ok: error === null, error, ...value }));
  if (json) process.stdout.write(`${JSON.stringify({ hosts })}\n`);
  else if (text !== '') process.stdout.write(`${text}\n`);
  return outcomes.some(({ error }) => error !== null) ? EXIT_FAILED : EXIT_DONE;
}

/** What services do, a row each. */
export function statusTable(rows: readonly (ServiceStatus & { readonly host: string })[]): string {
  const heads = ['host', 'service', 'state', 'pid', 'connected', 'restarts', 'bundle', 'last line'];
  return table(
    heads,
    rows.map((row) => [
      row.host,
      row.service,
      row.state,
      row.pid ?? '-',
      connectedWord(row),
      row.restarts,
      row.bundle.replace(/^rocinante-/, ''),
      row.lastLine.slice(0, LAST_LINE_LENGTH_MAX),
    ]),
  );
}

/** A worker is connected or not; a coordinator listens or not. */
function connectedWord({ service, state, connected }: ServiceStatus): string {
  if (state !== 'running') return '-';
  if (service === COORDINATOR) return connected ? 'listens' : 'not yet';
  return connected ? 'yes' : 'no';
}
