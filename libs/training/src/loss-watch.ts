/** Tells a loss that rises for good from one that goes up and down, by the losses of closed steps alone. */
import type { LossLevel, RunProgress, RunShape } from './run-state.js';

/** What a step's loss weighs in the smoothed one: about the last 32 steps count, so that one hard batch is no spike. */
const WEIGHT = 1 / 32;

/** A spike is at least so many nats above the lowest: near a loss of 0 a factor is soon reached by noise. */
const SPIKE_NATS_MIN = 0.25;

/** A state to go back to has a smoothed loss that is at most such a part of the way up to a spike. */
const CALM_SHARE = 1 / 4;

/** The level after one more step's mean loss, in nats. */
export function withLoss(level: LossLevel | null, loss: number): LossLevel {
  if (level === null) return { smoothed: loss, lowest: loss };
  const smoothed = level.smoothed + (loss - level.smoothed) * WEIGHT;
  return { smoothed, lowest: Math.min(level.lowest, smoothed) };
}

/** Why a run that stands here has diverged, for people; null where its loss has not spiked. */
export function spikeOf({ spikeFactor }: RunShape, { step, lossLevel }: RunProgress): string | null {
  if (lossLevel === null || lossLevel.smoothed <= spikeAt(spikeFactor, lossLevel)) return null;
  const { smoothed, lowest } = lossLevel;
  return `diverged: the loss, smoothed, has risen to ${nats(smoothed)} nats by step ${step}, from ${nats(lowest)} at its lowest`;
}

/** Whether a run may go back to such a level. */
export function isCalm({ spikeFactor }: RunShape, { smoothed, lowest }: LossLevel): boolean {
  const spike = spikeAt(spikeFactor, { smoothed, lowest });
  return spike === Infinity || smoothed - lowest <= CALM_SHARE * (spike - lowest);
}

/** The smoothed loss above which it is a spike. */
function spikeAt(spikeFactor: number, { lowest }: LossLevel): number {
  return spikeFactor === 0 ? Infinity : Math.max(lowest * spikeFactor, lowest + SPIKE_NATS_MIN);
}

function nats(loss: number): string {
  return loss.toPrecision(4);
}
