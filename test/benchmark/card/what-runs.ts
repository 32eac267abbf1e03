/** Something that has processes of its own. */
export interface Running {
  /** Ends them now, whatever they are at. */
  end(): Promise<void>;
}

/** All that this program has started and that has not ended: a part that fails, or a signal, leaves nothing behind. */
const running = new Set<Running>();

export function begun(one: Running): void {
  running.add(one);
}

export function ended(one: Running): void {
  running.delete(one);
}

export async function endAll(): Promise<void> {
  await Promise.allSettled([...running].map((one) => one.end()));
}
