import type { Precision } from '@rocinante/training';
import { oneLine } from '@rocinante/base';
import { median } from '../median.js';
import { CardRun } from './card-run.js';
import { shown, type Section } from './figure.js';
import type { Setting } from './setting.js';
import { TorchPeer } from './torch-peer.js';
import { demandTime } from './what-runs.js';
import { WorkerEngine } from './worker-engine.js';

/** Steps of a run that do not count: the first are issued twice, while they find their grids. */
const FIRST_STEPS = 10;
const RATIO_MAX = 1.25;
/** Of whole steps: a run's begin takes longer than all its steps. */
const WHOLE_PAIRS_MAX = 2;

/** Milliseconds of ours and of PyTorch's, measured one directly after the other. */
interface Pair {
  readonly ours: number;
  /** Null where there is no PyTorch. */
  readonly peer: number | null;
}

/**
 * (c) What a step takes beside PyTorch's on the same device, in alternating pairs: the gradient's share, which is what a worker does
 * (parameters up, gradient, sum down) beside forward and backward pass; and whole steps of a coordinator and one worker over
 * gRPC beside whole ones. Each measurement is its block's median, but for ours over gRPC, which is the mean from close to close.
 */
export async function measureSteps(setting: Setting, section: Section, precision: Precision): Promise<void> {
  let peer: TorchPeer | null = null;
  // Ours is worth measuring without it.
  await setting.report.attempt(section, 'PyTorch', async () => {
    peer = await TorchPeer.start(setting, precision);
  });
  const side = new PeerSide(section, peer);
  try {
    const shares = await measureShares(setting, section, precision, side);
    await measureWholeSteps(setting, section, precision, side, shares);
  } finally {
    await (peer as TorchPeer | null)?.end();
  }
}

/** PyTorch's side: what fails there fails the part, and costs nothing of ours. */
class PeerSide {
  /** Why the last was not had; null where it was. */
  trouble: string | null;

  constructor(
    readonly section: Section,
    readonly peer: TorchPeer | null,
  ) {
    this.trouble = section.error ?? 'without PyTorch beside, which --python names';
  }

  /** The median of its milliseconds; null where it has none. */
  async median(turns: (peer: TorchPeer) => Promise<number[]>): Promise<number | null> {
    if (this.peer === null) return null;
    this.trouble = null;
    try {
      return median(await turns(this.peer));
    } catch (error) {
      demandTime();
      this.trouble = `PyTorch: ${oneLine((error as Error).message)}`;
      this.section.error ??= this.trouble;
      return null;
    }
  }
}

/** @returns milliseconds of ours, by the windows. */
async function measureShares(
  setting: Setting,
  section: Section,
  precision: Precision,
  side: PeerSide,
): Promise<ReadonlyMap<number, number>> {
  const { sizes, pairs, steps } = setting.options;
  const shares = new Map<number, number>();
  const engine = await WorkerEngine.start(setting, precision);
  try {
    for (const windows of sizes) {
      const what = `gradient’s share, ${windows} windows, ${precision}`;
      const ours = async (): Promise<number> => median((await engine.turns(steps)).ms);
      const theirs = (): Promise<number | null> =>
        side.median(async (peer) => (await peer.turns(windows, steps)).gradientMs);
      await setting.report.attempt(section, what, async () => {
        await engine.open(setting, windows, precision);
        const measured = await inTurn(pairs, ours, theirs);
        add(setting, side, what, measured);
        shares.set(windows, median(measured.map((pair) => pair.ours)));
      });
    }
  } finally {
    await engine.end();
  }
  return shares;
}

async function measureWholeSteps(
  setting: Setting,
  section: Section,
  precision: Precision,
  side: PeerSide,
  shares: ReadonlyMap<number, number>,
): Promise<void> {
  const { sizes, steps } = setting.options;
  const pairs = Math.min(WHOLE_PAIRS_MAX, setting.options.pairs);
  const run = await CardRun.start(setting, precision);
  try {
    await run.work(1);
    for (const windows of sizes) {
      const what = `whole step, ${windows} windows, ${precision}`;
      const ours = async (): Promise<number> => {
        const { id } = await run.whole({ windows, microBatches: 1, steps: FIRST_STEPS + steps });
        const closes = run.closes(id).slice(FIRST_STEPS - 1);
        return (closes.at(-1)!.time - closes[0].time) / (closes.length - 1);
      };
      const theirs = (): Promise<number | null> =>
        side.median(async (peer) => (await peer.turns(windows, steps)).stepMs);
      await setting.report.attempt(section, what, async () => {
        add(setting, side, what, await inTurn(pairs, ours, theirs), shares.get(windows));
      });
    }
  } finally {
    await run.end();
  }
}

/** So many pairs; each goes first in turn. */
async function inTurn(
  count: number,
  ours: () => Promise<number>,
  theirs: () => Promise<number | null>,
): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let pair = 0; pair < count; pair++) {
    const first = pair % 2 === 1 ? await theirs() : null;
    const own = await ours();
    pairs.push({ ours: own, peer: pair % 2 === 1 ? first : await theirs() });
  }
  return pairs;
}

/** @param share of the gradient in ours, in milliseconds, where it is a whole step. */
function add(
  { report, counts }: Setting,
  { section, trouble }: PeerSide,
  what: string,
  pairs: readonly Pair[],
  share?: number,
): void {
  section.details[what] = pairs;
  const ours = median(pairs.map((pair) => pair.ours));
  const ratios = pairs.flatMap(({ ours, peer }) => (peer === null ? [] : [ours / peer]));
  const ofIt = share === undefined ? '' : `, the gradient’s share ${shown(share)} ms of it`;
  if (ratios.length === 0) {
    const note = `${trouble ?? 'without PyTorch'}${ofIt}`;
    report.add(section, { what, value: ours, unit: 'ms', asked: null, met: null, note });
    return;
  }
  const ratio = median(ratios);
  const peer = median(pairs.flatMap((pair) => pair.peer ?? []));
  report.add(section, {
    what,
    value: ratio,
    unit: 'of PyTorch’s',
    asked: `at most ${RATIO_MAX}`,
    met: counts ? ratio <= RATIO_MAX : null,
    note: `ours ${shown(ours)} ms${ofIt}, PyTorch ${shown(peer)} ms; pairs ${ratios.map(shown).join(', ')}`,
  });
}
