import { existsSync, readFileSync } from 'node:fs';
import { encodeCorpus } from '@rocinante/corpus';
import { events, Rocinante } from '../../support/rocinante.js';
import type { Close } from './card-run.js';
import type { Section } from './figure.js';
import { batchWords, WAIT_SECONDS_MAX, type Setting } from './setting.js';
import { begun, demandTime, ended } from './what-runs.js';

/** The reference's training loss, the mean over its 23rd epoch, in nats (jsga/DonQuijote_RNN), on chapters 1 to 10. */
const REFERENCE_LOSS = 1.2375;
/** Chapters 1 to 10, folded as the reference does it (libs/corpus). */
const REFERENCE_TEXT = { characters: 109_563, symbols: 39 } as const;
/** The preset's. */
const BATCH = 64;
const SMALL_BATCH = 16;
/** Steps that do not count for the rate. */
const FIRST_STEPS = 10;
const CURVE_POINTS = 12;
/** From one look at what was reached to the next. */
const INTERVAL_MS = 1000;
/** A look reads the whole event log: after hours it is worth this many times its length of waiting. */
const WAIT_PER_LOOK = 20;

/** (e) The preset `seed` from its first step on, by one worker: windows a second, and how soon the reference's loss is reached. */
export async function measureTraining(setting: Setting, section: Section): Promise<void> {
  const { options, workspace, configFile, report, counts } = setting;
  const runDir = workspace.in('training');
  const batch = options.isSmall ? SMALL_BATCH : BATCH;
  const training = new Rocinante([
    ...['train', '--config', configFile, '--corpus', options.corpus, ...batchWords(batch, 1)],
    ...['--precision', options.precisions[0], '--workers', '1', '--device', options.device],
    ...['--threads', String(options.threads), '--checkpoint', '0', '--run-dir', runDir],
  ]);
  const running = { end: (): Promise<void> => interrupted(training) };
  begun(running);
  const waitSeconds = WAIT_SECONDS_MAX[options.device];
  const limit = performance.now() + waitSeconds * 1000;
  let closes: Close[] = [];
  let began: number | null = null;
  let hasEnded = false;
  void training.finished.then(() => (hasEnded = true));
  let lookMs = 0;
  try {
    while (!hasEnded && reachedAt(closes) === null) {
      const waitMs = Math.max(INTERVAL_MS, WAIT_PER_LOOK * lookMs);
      await Promise.race([training.finished, new Promise((resolve) => setTimeout(resolve, waitMs))]);
      const lookedAt = performance.now();
      closes = closesOf(runDir);
      // A kill leaves what was reached by then.
      section.details.curve = curveOf(closes);
      report.write();
      const now = performance.now();
      lookMs = now - lookedAt;
      if (closes.length > FIRST_STEPS) began ??= now;
      if (began === null && now > limit) throw new Error(`no step in ${waitSeconds} s`);
      if (began !== null && now - began > options.minutes * 60_000) break;
    }
    await running.end();
  } finally {
    ended(running);
  }
  const { code, stderr } = await training.finished;
  if (closes.length <= FIRST_STEPS) {
    demandTime();
    throw new Error(`train ended with ${code}: ${stderr.trim().split('\n').at(-1)}`);
  }
  const counted = closes.slice(FIRST_STEPS - 1);
  const seconds = (counted.at(-1)!.time - counted[0].time) / 1000;
  const note = `${closes.length} steps of ${batch} in ${minutes(closes, closes.at(-1)!).toFixed(1)} minutes`;
  const rate = (batch * (counted.length - 1)) / seconds;
  report.add(section, { what: 'training', value: rate, unit: 'windows/s', asked: null, met: null, note });
  const reached = reachedAt(closes);
  const isReference = isReferenceText(setting);
  const but = [
    isReference ? '' : 'not the reference’s text; ',
    reached === null ? 'not reached in this time; ' : '',
  ];
  const curve = curveOf(closes).map(({ minute, loss }) => `${loss.toFixed(3)} at ${minute.toFixed(1)}`);
  report.add(section, {
    what: `minutes to a mean loss of ${REFERENCE_LOSS} over an epoch`,
    value: reached === null ? null : minutes(closes, reached),
    unit: 'min',
    asked: isReference ? 'reached on chapters 1 to 10' : null,
    // Not reached within the time that was given says nothing.
    met: isReference && counts && reached !== null ? true : null,
    note: `${but.join('')}loss, at minute: ${curve.join(', ')}`,
  });
  // What was reached by then is worth its figures.
  demandTime();
}

/** The reference's loss says nothing of another text. */
function isReferenceText({ options: { corpus }, config }: Setting): boolean {
  if (!existsSync(corpus)) return false;
  const { normalisation } = config.text;
  const { ids, vocabulary } = encodeCorpus(readFileSync(corpus), { normalisation });
  return ids.length === REFERENCE_TEXT.characters && vocabulary.size === REFERENCE_TEXT.symbols;
}

/** Asks it to end as a person would, and waits: its workers end with it. */
async function interrupted(training: Rocinante): Promise<void> {
  training.process.kill('SIGINT');
  await training.finished;
}

function closesOf(runDir: string): Close[] {
  if (!existsSync(`${runDir}/events.jsonl`)) return [];
  const steps = events(runDir).filter(({ event }) => event === 'step');
  return steps.map((step) => ({ ...(step as unknown as Close), time: Date.parse(step.time as string) }));
}

/** The last step of the first whole epoch with the reference's mean loss. */
function reachedAt(closes: readonly Close[]): Close | null {
  // The last epoch may not be whole.
  for (let epoch = 1; epoch < (closes.at(-1)?.epoch ?? 0); epoch++) {
    const steps = closes.filter((close) => close.epoch === epoch);
    if (meanLoss(steps) <= REFERENCE_LOSS) return steps.at(-1)!;
  }
  return null;
}

/** The mean loss of stretches of equal length, at the minute in which each ends. */
function curveOf(closes: readonly Close[]): { minute: number; step: number; loss: number }[] {
  const length = Math.ceil(closes.length / CURVE_POINTS);
  return Array.from({ length: Math.floor(closes.length / length) }, (_, index) => {
    const stretch = closes.slice(index * length, (index + 1) * length);
    const last = stretch.at(-1)!;
    return { minute: minutes(closes, last), step: last.step, loss: meanLoss(stretch) };
  });
}

function minutes(closes: readonly Close[], { time }: Close): number {
  return (time - closes[0].time) / 60_000;
}

function meanLoss(steps: readonly Close[]): number {
  return steps.reduce((sum, { loss }) => sum + loss, 0) / steps.length;
}
