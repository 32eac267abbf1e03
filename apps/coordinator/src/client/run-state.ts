import { assert } from '@rocinante/base';
import type { RunStateWord } from '@rocinante/run-json';
import type { RunState } from '@rocinante/wire';

/** A run's states as people and scripts read them. */
const words = {
  RUN_STATE_UNSPECIFIED: 'unknown',
  RUN_STATE_QUEUED: 'queued',
  RUN_STATE_WAITING: 'waiting',
  RUN_STATE_RUNNING: 'running',
  RUN_STATE_HELD: 'held',
  RUN_STATE_STOPPING: 'stopping',
  RUN_STATE_STOPPED: 'stopped',
  RUN_STATE_DONE: 'done',
  RUN_STATE_FAILED: 'failed',
} as const satisfies Record<RunState, RunStateWord>;

/** The words, in the order of a run's life. */
export const STATE_WORDS: readonly string[] = Object.values(words).filter((word) => word !== 'unknown');

/** The state of one of these words. */
export function stateOf(word: string): RunState {
  const found = Object.entries(words).find(([, one]) => one === word);
  assert(found !== undefined, 'it is one of the words');
  return found[0] as RunState;
}

/** A state that a later release has is `unknown`. */
export function stateWord(state: RunState): RunStateWord {
  return words[state] ?? 'unknown';
}

/** Whether nothing more happens in the run unless it is resumed. */
export function hasEnded(state: RunState): boolean {
  return ['stopped', 'done', 'failed'].includes(stateWord(state));
}
