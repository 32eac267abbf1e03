import type { ClientSecurity } from '@rocinante/access';
import { systemTrouble } from '@rocinante/base';
import type { Coordinator } from '../client/coordinator.js';
import { runJson, shownJson } from '../client/run-json.js';
import { counted } from '../display/quantities.js';
import { fetchPage } from '../doctor/page.js';
import { LINES_BYTES_MAX, LOSSES_MAX, PART_BYTES_MAX, WATCH_WAIT_MS, WORKERS_MAX } from './limits.js';
import { headOf, jsonPart, tailOf, type PartOrMissing } from './part.js';
import { configPart } from './run-parts.js';

/**
 * What a coordinator tells of a run from afar: its record, log, events and losses. The ledger and files stay there.
 * @throws {RocinanteError} there is no coordinator, or no such run.
 */
export async function afarParts(coordinator: Coordinator, run: string): Promise<PartOrMissing[]> {
  const shown = await coordinator.show(run);
  const { id } = shown.summary;
  const losses: number[] = [];
  let taken = 0;
  for await (const chunk of coordinator.losses(id)) {
    taken += chunk.losses.length;
    losses.push(...chunk.losses);
    losses.splice(0, Math.max(0, losses.length - LOSSES_MAX));
  }
  const { runs } = await coordinator.list();
  return [
    configPart(shown.configJson),
    jsonPart('run.json', shownJson(shown, [])),
    jsonPart(
      'queue.json',
      runs.map(runJson).map(({ id, state, reason, pool, workers }) => ({ id, state, reason, pool, workers })),
    ),
    {
      ...jsonPart('losses.json', losses),
      cut: taken > losses.length ? `the first ${counted(taken - losses.length, 'loss', 'losses')}` : '',
    },
    await linesPart('log.jsonl', coordinator.logs({ run: id, worker: '', follow: false })),
    await linesPart('events.jsonl', watched(coordinator, id)),
    { name: 'ledger.jsonl', why: 'it is on the coordinator’s machine: --run-dir there' },
  ];
}

/** The lines of a run's event log that a watcher is told at once: the opening, the epochs, the last step. */
async function* watched(coordinator: Coordinator, run: string): AsyncGenerator<{ readonly json: string }> {
  const signal = AbortSignal.timeout(WATCH_WAIT_MS);
  try {
    yield* coordinator.watch(run, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function linesPart(
  name: string,
  lines: AsyncIterable<{ readonly json: string }>,
): Promise<PartOrMissing> {
  const kept: string[] = [];
  let total = 0;
  let bytes = 0;
  for await (const { json } of lines) {
    kept.push(json);
    total += Buffer.byteLength(json) + 1;
    bytes += Buffer.byteLength(json) + 1;
    while (bytes > LINES_BYTES_MAX) bytes -= Buffer.byteLength(kept.shift()!) + 1;
  }
  const text = kept.map((line) => `${line}\n`).join('');
  // Whole lines are kept: the first of a cut text is no broken one.
  return total === bytes ? { name, text, cut: '' } : tailOf(name, `\n${text}`, total + 1);
}

/** Metrics of a coordinator, and those that its workers relay. @param address `host:port` of its `--http`. */
export async function metricsParts(address: string, access: ClientSecurity): Promise<PartOrMissing[]> {
  const parts: PartOrMissing[] = [];
  const page = async (name: string, path: string): Promise<string | null> => {
    try {
      const { status, text } = await fetchPage(address, path, access);
      if (status === 200) {
        parts.push(headOf(name, text, PART_BYTES_MAX));
        return text;
      }
      parts.push({ name, why: `status ${status}` });
    } catch (error) {
      parts.push({ name, why: `${address}: ${systemTrouble(error)}` });
    }
    return null;
  };
  if ((await page('metrics/coordinator.txt', '/metrics')) === null) return parts;
  const discovery = await page('metrics/workers.json', '/sd/workers');
  const paths = [...(discovery ?? '').matchAll(/"__metrics_path__":"([^"]+)"/g)].map(([, path]) => path);
  for (const [index, path] of paths.slice(0, WORKERS_MAX).entries()) {
    await page(`metrics/worker-${index + 1}.txt`, encodeURI(path));
  }
  return parts;
}
