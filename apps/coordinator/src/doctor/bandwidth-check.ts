import type { Coordinator } from '../client/coordinator.js';
import { RefusedError } from '../client/errors.js';
import { bytesShown } from '../display/quantities.js';
import { atLeast, ok, type Finding } from './finding.js';
import {
  BANDWIDTH_GOOD_BYTES_A_SECOND,
  BANDWIDTH_LEAST_BYTES_A_SECOND,
  TRANSFER_BYTES_LEAST,
  TRANSFER_BYTES_MAX,
  TRANSFER_MS_MAX,
} from './limits.js';

const CHECK = 'bandwidth';

/**
 * How fast weights come down from the coordinator: of a run that is done, and no more of them than TRANSFER_BYTES_MAX.
 * @param mayPull whether this token lets its holder pull weights.
 */
export async function bandwidthFinding(coordinator: Coordinator, mayPull: boolean): Promise<Finding> {
  if (!mayPull) return notMeasured('weights are pulled with an operator’s token');
  const { runs } = await coordinator.list();
  const run = runs.find(({ weightsSha256 }) => weightsSha256 !== '');
  if (run === undefined) return notMeasured('no run is done whose weights could be sent');
  try {
    return judged(await transfer(coordinator, run.id));
  } catch (error) {
    if (error instanceof RefusedError) return notMeasured(error.message);
    throw error;
  }
}

interface Transfer {
  readonly bytes: number;
  readonly ms: number;
}

/** From the first message on: before it the whole file is hashed there. */
async function transfer(coordinator: Coordinator, run: string): Promise<Transfer> {
  let began: number | null = null;
  let bytes = 0;
  for await (const { data } of coordinator.weights({ run, which: 'final' })) {
    if (began === null) {
      began = performance.now();
      continue;
    }
    bytes += data.length;
    if (bytes >= TRANSFER_BYTES_MAX || performance.now() - began >= TRANSFER_MS_MAX) break;
  }
  return { bytes, ms: performance.now() - (began ?? performance.now()) };
}

function judged({ bytes, ms }: Transfer): Finding {
  if (bytes < TRANSFER_BYTES_LEAST)
    return notMeasured(`the weights there are too short: ${bytesShown(bytes)}`);
  const finding = atLeast(
    CHECK,
    {
      found: bytes / (Math.max(ms, 1) / 1000),
      good: BANDWIDTH_GOOD_BYTES_A_SECOND,
      least: BANDWIDTH_LEAST_BYTES_A_SECOND,
    },
    (rate) => `${bytesShown(rate)}/s`,
    'use a faster link: each step moves the parameters down and a gradient up, for every worker',
  );
  return { ...finding, found: `${finding.found} down, over ${bytesShown(bytes)}` };
}

function notMeasured(why: string): Finding {
  return ok(CHECK, 'a transfer to measure', `not measured: ${why}`);
}
