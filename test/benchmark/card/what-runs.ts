/** Something that has processes of its own. */
export interface Running {
  /** Ends them now, whatever they are at. */
  end(): Promise<void>;
}

/** Whoever started the measurement has told it to end: nothing is begun any more. */
export class InterruptedError extends Error {
  constructor() {
    super('interrupted');
  }
}

/** All that this program has started and that has not ended: a part that fails, or a signal, leaves nothing behind. */
const running = new Set<Running>();

let isInterrupted = false;

/** @throws {InterruptedError} nothing is to be begun any more; what came is ended. */
export function begun(one: Running): void {
  running.add(one);
  if (!isInterrupted) return;
  void one.end();
  throw new InterruptedError();
}

export function ended(one: Running): void {
  running.delete(one);
}

export async function endAll(): Promise<void> {
  await Promise.allSettled([...running].map((one) => one.end()));
}

/** Ends all that runs, and from now on whatever is begun. */
export async function interrupt(): Promise<void> {
  isInterrupted = true;
  await endAll();
}

/** @throws {InterruptedError} it is to end. */
export function demandTime(): void {
  if (isInterrupted) throw new InterruptedError();
}
