import { WORKER_PHASES, workerDefinitions, type WorkerPhase } from '@rocinante/metrics';

/** A worker's session, as far as its metrics are wanted. */
export interface MeteredSession {
  readonly name: string;
  readonly joinedAt: Date;
  readonly metrics: { readonly text: string; readonly at: number } | null;
}

interface Totals {
  readonly seconds: Readonly<Record<WorkerPhase, number>>;
  readonly contributions: number;
}

const SERIES = workerDefinitions.stepPhase.name;

/**
 * Where workers' time went of late: from the metrics that each sends every few seconds, the mean seconds of a contribution's
 * phases since the ones before.
 */
export class WorkerPhases {
  readonly #sessions: () => readonly MeteredSession[];
  readonly #known = new WeakMap<
    MeteredSession,
    { at: number; totals: Totals; phases: Record<WorkerPhase, number> | null }
  >();

  constructor(sessions: () => readonly MeteredSession[]) {
    this.#sessions = sessions;
  }

  /** @param worker by its name and the time at which it joined, RFC 3339. Null where it has said nothing yet. */
  of(worker: { readonly name: string; readonly joinedAt: string }): Record<WorkerPhase, number> | null {
    const session = this.#sessions().find(
      ({ name, joinedAt }) => name === worker.name && joinedAt.toISOString() === worker.joinedAt,
    );
    if (!session?.metrics) return null;
    const known = this.#known.get(session);
    if (known?.at === session.metrics.at) return known.phases;
    const totals = totalsOf(session.metrics.text);
    const phases = meanSince(totals, known?.totals ?? null) ?? known?.phases ?? null;
    this.#known.set(session, { at: session.metrics.at, totals, phases });
    return phases;
  }
}

/** What a worker's text has of its phases; what it lacks, or has wrong, counts as nothing. */
function totalsOf(text: string): Totals {
  const seconds = Object.fromEntries(WORKER_PHASES.map((phase) => [phase, 0])) as Record<WorkerPhase, number>;
  let contributions = 0;
  for (const line of text.split('\n')) {
    if (!line.startsWith(SERIES)) continue;
    const found = /_(sum|count)\{phase="(\w+)"\} (\S+)$/.exec(line);
    const phase = WORKER_PHASES.find((known) => known === found?.[2]);
    const value = Number(found?.[3]);
    if (phase === undefined || !Number.isFinite(value)) continue;
    if (found![1] === 'sum') seconds[phase] = value;
    else if (phase === 'compute') contributions = value;
  }
  return { seconds, contributions };
}

/** Null where there was no contribution meanwhile. */
function meanSince(now: Totals, before: Totals | null): Record<WorkerPhase, number> | null {
  const contributions = now.contributions - (before?.contributions ?? 0);
  if (contributions <= 0) return null;
  return Object.fromEntries(
    WORKER_PHASES.map((phase) => [
      phase,
      Math.max(0, now.seconds[phase] - (before?.seconds[phase] ?? 0)) / contributions,
    ]),
  ) as Record<WorkerPhase, number>;
}
