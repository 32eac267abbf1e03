/** What a run says of one of its steps. */
export interface OfStep<Value> {
  /** From 1. */
  readonly step: number;
  readonly value: Value;
}

/** What two runs say of one step. */
export interface StepPair<Value> {
  readonly step: number;
  readonly first: Value;
  readonly second: Value;
}

/** The steps of which two runs say something, in order, until one of them ends; steps may be missing in either. */
export async function* inStep<Value>(
  first: AsyncIterable<OfStep<Value>>,
  second: AsyncIterable<OfStep<Value>>,
): AsyncGenerator<StepPair<Value>> {
  const others = second[Symbol.asyncIterator]();
  try {
    let other = await others.next();
    for await (const { step, value } of first) {
      while (!other.done && other.value.step < step) other = await others.next();
      if (other.done) return;
      if (other.value.step === step) yield { step, first: value, second: other.value.value };
    }
  } finally {
    await others.return?.();
  }
}
