import { RandomStream } from '@rocinante/base';

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
  | { readonly kind: 'coordinator-killed'; readonly step: number; readonly awayMs: number };

/** How often each befalls a run, beside the late worker's beginning. */
const COUNTS = { 'worker-killed': 3, 'worker-halted': 3, 'coordinator-killed': 2 } as const;

/** Much longer than a step, and shorter than the silence after which a connection counts as cut (wire's keepalive). */
const HALTED_MIN_MS = 1_000;
const HALTED_MAX_MS = 3_000;
const AWAY_MAX_MS = 1_000;

/**
 * What befalls one run: a function of the seed.
 *
 * Order: by steps, of which no two are the same. A worker is killed or halted only after its beginning.
 * @param late the worker that begins in the midst of the run; the others are there from its start.
 * @param lastStep faults befall steps 1 to this.
 */
export function drawFaults(
  seed: number,
  workers: readonly string[],
  late: string,
  lastStep: number,
): readonly Fault[] {
  const stream = new RandomStream(seed, 'simulation');
  const drawn: Fault['kind'][] = ['worker-begun'];
  for (const [kind, count] of Object.entries(COUNTS) as [keyof typeof COUNTS, number][]) {
    for (let index = 0; index < count; index++) drawn.push(kind);
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
    return {
      kind,
      step,
      worker,
      haltedMs: HALTED_MIN_MS + stream.integer(HALTED_MAX_MS - HALTED_MIN_MS + 1),
    };
  });
}

/** What came of a fault: the run's last step then, and the worker that was killed or halted. */
export interface Happened {
  readonly fault: Fault;
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
