import {
  BLOCK_ELEMENTS,
  RANGE_BLOCKS,
  VectorMemory,
  type ParameterLayout,
  type VectorCount,
} from '@rocinante/parameters';

/** Rooms for ranges that arrive, in a run's memory: as many as wait at once with some 20 workers. Further ones lie beside it. */
const ROOMS = 64;

/** Memories that are kept, at most: a pool seldom waits for the end of more runs at once. */
const KEPT_MAX = 2;

/** Of runs that are over. What is dropped stays in memory for long, since V8 does not see it (`VectorMemory`). */
const kept: VectorMemory[] = [];

/**
 * Memory for the two halves of a run's state, the sum of a step, and ranges that arrive: that of a run that is over, where one is
 * large enough. There is room for twice as much, where addresses are to be had, so that it serves a larger run next.
 */
export function takeRunMemory({ length }: ParameterLayout): VectorMemory {
  const vectors: VectorCount[] = [
    { count: 7, length },
    { count: ROOMS, length: RANGE_BLOCKS * BLOCK_ELEMENTS },
  ];
  const index = kept.findIndex((memory) => memory.holds(vectors));
  if (index >= 0) {
    const [memory] = kept.splice(index, 1);
    memory.clear();
    return memory;
  }
  const roomy = VectorMemory.create([...vectors, ...vectors]);
  return roomy.shared === null ? VectorMemory.create(vectors) : roomy;
}

/** A run is over: nobody, in any thread, reads or writes its vectors any more. */
export function giveBackRunMemory(memory: VectorMemory): void {
  kept.push(memory);
  if (kept.length > KEPT_MAX) kept.shift();
}
