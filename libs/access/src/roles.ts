/**
 * What a token lets its holder do.
 *
 * - `worker`: join, fetch what a run needs, contribute.
 * - `reader`: list, show, watch, logs, metrics, the live page.
 * - `operator`: all that a reader may; start, stop, resume, remove, push, pull.
 */
export type Role = 'worker' | 'operator' | 'reader';

export const ROLES: readonly Role[] = ['worker', 'operator', 'reader'];

/** What a call or a page asks of whoever comes; `open` asks nothing. */
export type Need = 'open' | Role;

/** Who came: a token's name in the book, and its role. */
export interface Holder {
  readonly name: string;
  readonly role: Role;
}

/** Whether a role is enough. An operator reads; nobody but a worker contributes. */
export function mayDo(role: Role, need: Need): boolean {
  return need === 'open' || need === role || (need === 'reader' && role === 'operator');
}
