import { execFile } from 'node:child_process';
import {
  fieldsWithout,
  parseTelemetry,
  TELEMETRY_FIELDS,
  telemetryQuery,
  type CardReading,
} from '@rocinante/engine';
import { demandTime } from './what-runs.js';

const INTERVAL_MS = 1000;
/** An answer of a card that is at work takes some tenths of a second. */
const ANSWER_MS_MAX = 10_000;
/** Of an answer that is none, in characters. */
const SAID_LENGTH_MAX = 200;

/** What nvidia-smi told of a card over some time. */
export interface CardSamples {
  readonly readings: readonly CardReading[];
  /** Why it told nothing, or not all; null where it told all. */
  readonly trouble: string | null;
}

/**
 * Asks nvidia-smi each second for so long. Where it cannot be asked, the time passes all the same.
 * @throws {InterruptedError} the measurement is to end.
 * @param card as `nvidia-smi -i` takes it; null for the first.
 */
export async function sampleCard(card: string | null, seconds: number): Promise<CardSamples> {
  const readings: CardReading[] = [];
  let trouble: string | null = null;
  let fields: readonly string[] = TELEMETRY_FIELDS;
  const began = performance.now();
  const until = (ms: number): Promise<void> =>
    new Promise((resolve) => setTimeout(resolve, Math.max(0, began + ms - performance.now())));
  for (let second = 1; second <= seconds; second++) {
    await until(second * INTERVAL_MS);
    demandTime();
    // One that took too long has its seconds passed over.
    if (performance.now() - began > (second + 1) * INTERVAL_MS) continue;
    let { text, fault } = await ask(fields, card);
    for (let fewer = fieldsWithout(fields, text); fewer !== null; fewer = fieldsWithout(fields, text)) {
      fields = fewer;
      ({ text, fault } = await ask(fields, card));
    }
    const [reading] = fault === null ? parseTelemetry(text, fields).readings : [];
    if (reading === undefined)
      trouble = fault ?? `nvidia-smi says ${text.trim().split('\n')[0].slice(0, SAID_LENGTH_MAX)}`;
    else readings.push(reading);
  }
  return { readings, trouble };
}

function ask(
  fields: readonly string[],
  card: string | null,
): Promise<{ text: string; fault: string | null }> {
  return new Promise((resolve) => {
    execFile(
      'nvidia-smi',
      telemetryQuery(fields, card),
      { encoding: 'utf8', timeout: ANSWER_MS_MAX, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        const isMissing = error !== null && error.code === 'ENOENT';
        const said = `${stdout}${stderr}`;
        const fault = isMissing ? 'nvidia-smi is not there' : `nvidia-smi: ${said.trim().split('\n')[0]}`;
        resolve({ text: said, fault: error === null ? null : fault });
      },
    );
  });
}
