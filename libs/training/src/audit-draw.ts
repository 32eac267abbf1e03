import { randomWords } from '@rocinante/base';
import type { RunShape } from './run-state.js';

/** Whether a micro-batch is one of those that are audited: a function of seed, step and number alone. */
export function isAudited({ seed, auditShare }: RunShape, step: number, microBatch: number): boolean {
  return randomWords(seed, 'audit', step, microBatch)[0] < auditShare * 2 ** 32;
}
