import { REASON_LENGTH_MAX } from './limits.js';

/**
 * - `finished`: all steps are closed, and the weights are there. `stopped`: on request, or by a limit.
 * - `failed`: it cannot go on. `diverged`: by a loss that spikes or is no number; `goesOn` says whether it went back.
 * - `stuck`: no step for long. `goes-on`: after that, a step.
 * - `worker-lost`: connections to workers were lost; several are summed.
 */
export type NoticeKind = 'finished' | 'stopped' | 'failed' | 'diverged' | 'stuck' | 'goes-on' | 'worker-lost';

/** What is sent: one JSON object. Losses are in nats; what is not known yet is null. */
export interface Notice {
  readonly version: 1;
  /** The same when it is sent again: whoever has seen it may drop it. */
  readonly id: string;
  readonly kind: NoticeKind;
  /** RFC 3339, in UTC: of what happened, not of the sending. */
  readonly time: string;
  readonly run: { readonly id: string; readonly name: string };
  /** Steps closed by then, and of the whole run. */
  readonly step: number;
  readonly stepsTotal: number | null;
  /** Mean training loss of the last closed step. */
  readonly loss: number | null;
  readonly heldOutLoss: number | null;
  /** Why, in one sentence; empty where there is nothing to say. */
  readonly reason: string;
  /** All of it in one line, for people. */
  readonly text: string;
  /** Of a run that diverged: whether it goes on, from an earlier state. */
  readonly goesOn?: boolean;
  /** Without a step, of `stuck` and `goes-on`. */
  readonly seconds?: number;
  /** Of `worker-lost`: how many losses, and the workers' names, each once. */
  readonly lost?: { readonly count: number; readonly workers: readonly string[] };
}

/** A reason that fits a notice. */
export function shortReason(reason: string): string {
  const line = reason.replace(/\s+/g, ' ').trim();
  return line.length <= REASON_LENGTH_MAX ? line : `${line.slice(0, REASON_LENGTH_MAX - 1)}…`;
}
