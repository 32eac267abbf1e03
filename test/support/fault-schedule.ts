import { RandomStream } from '@rocinante/base';
import type { Cut } from './network.js';

/** Something that befalls a run once it has taken so many steps. */
export type Fault =
  /** Killed with -9, and started again as soon as the coordinator knows. */
  | { readonly kind: 'worker-killed'; readonly step: number; readonly worker: string }
  /** Halted by SIGSTOP, its connection open, until SIGCONT. */
  | {
      readonly kind: 'worker-halted';
      readonly step: number;
      readonly worker: string;
      readonly haltedMs: number;
    }
  /** It was not there before. */
  | { readonly kind: 'worker-begun'; readonly step: number; readonly worker: string }
  /** Killed with -9, and started again after a while. */
  | { readonly kind: 'coordinator-killed'; readonly step: number; readonly awayMs: number }
  /** Its link to the coordinator cut, and healed after a while; over a network of the test's own only. */
  | {
      readonly kind: 'link-cut';
      readonly step: number;
      readonly worker: string;
      readonly how: Cut;
      readonly cutMs: number;
    };

/** Their order is part of what a seed draws. */
const KINDS = ['worker-killed', 'worker-halted', 'coordinator-killed', 'link-cut'] as const;

/** How often each befalls a run, beside the late worker's beginning. */
export type FaultCounts = Readonly<Record<(typeof KINDS)[number], number>>;

/** What befalls processes only. */
export const PROCESS_FAULTS: FaultCounts = {
  'worker-killed': 3,
  'worker-halted': 3,
  'coordinator-killed': 2,
  'link-cut': 0,
};

/** Much longer than a step, and shorter than the silence after which a connection counts as cut (wire's keepalive). */
const HALTED_MIN_MS = 1_000;
const HALTED_MAX_MS = 3_000;
const AWAY_MAX_MS = 1_000;
/** On both sides of the silence after which a connection counts as cut. */
const CUT_MIN_MS = 1_000;
const CUT_MAX_MS = 12_000;

/**
 * What befalls one run: a function of the seed and the counts.
 *
 * Order: by steps, of which no two are the same. A worker is killed, halted or cut off only after its beginning.
 * @param late the worker that begins in the midst of the run; the others are there from its start.
 * @param lastStep faults befall steps 1 to this.
 */
export function drawFaults(
  seed: number,
  workers: readonly string[],
  late: string,
  lastStep: number,
  counts: FaultCounts = PROCESS_FAULTS,
): readonly Fault[] {
  const stream = new RandomStream(seed, 'simulation');
  const drawn: Fault['kind'][] = ['worker-begun'];
  for (const kind of KINDS) {
    for (let index = 0; index < counts[kind]; index++) drawn.push(kind);
  }
  const kinds = shuffled(stream, drawn);
  const steps = shuffled(
    stream,
    Array.from({ length: lastStep }, (_, index) => index + 1),
  )
    .slice(0, kinds.length)
    .sort((a, b) => a - b);
  const present = workers.filter((worker) => worker !== late);
  return kinds.map((kind, index): Fault => {
    const step = steps[index];
    if (kind === 'coordinator-killed') return { kind, step, awayMs: stream.integer(AWAY_MAX_MS + 1) };
    if (kind === 'worker-begun') {
      present.push(late);
      return { kind, step, worker: late };
    }
    const worker = present[stream.integer(present.length)];
    if (kind === 'worker-killed') return { kind, step, worker };
    if (kind === 'link-cut') {
      const how = stream.integer(2) === 0 ? 'down' : 'silent';
      return { kind, step, worker, how, cutMs: CUT_MIN_MS + stream.integer(CUT_MAX_MS - CUT_MIN_MS + 1) };
    }
    return {
      kind,
      step,
      worker,
      haltedMs: HALTED_MIN_MS + stream.integer(HALTED_MAX_MS - HALTED_MIN_MS + 1),
    };
  });
}

/** What came of a fault: the run's last step then, and the worker that was killed, halted or cut off. */
export interface Happened {
  readonly fault: Fault;
  /** When, in milliseconds of a clock that never goes back. */
  readonly at: number;
  readonly atStep: number;
  readonly worker?: string;
}

/** A fault in words: as it was drawn, and as it happened. */
export function faultText({ fault, atStep, worker }: { fault: Fault } & Partial<Happened>): string {
  const { step } = fault;
  const happened =
    atStep === undefined ? '' : `; at step ${atStep}${worker === undefined ? '' : `, ${worker}`}`;
  switch (fault.kind) {
    case 'worker-killed':
      return `step ${step}: ${fault.worker} killed${happened}`;
    case 'worker-halted':
      return `step ${step}: ${fault.worker} halted for ${fault.haltedMs} ms${happened}`;
    case 'worker-begun':
      return `step ${step}: ${fault.worker} begun${happened}`;
    case 'coordinator-killed':
      return `step ${step}: coordinator killed, away for ${fault.awayMs} ms${happened}`;
    case 'link-cut':
      return `step ${step}: link of ${fault.worker} ${fault.how} for ${fault.cutMs} ms${happened}`;
  }
}

/** The items in a drawn order (Fisher and Yates). */
function shuffled<Item>(stream: RandomStream, items: readonly Item[]): Item[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const chosen = stream.integer(last + 1);
    [order[last], order[chosen]] = [order[chosen], order[last]];
  }
  return order;
}
