/** A float32 vector in memory that the arithmetic's thread sees too. */
export type SharedVector = Float32Array<SharedArrayBuffer>;

/** A vector of zeros. */
export function sharedVector(length: number): SharedVector {
  return new Float32Array(new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT));
}

/** A copy of these values, in shared memory. */
export function sharedCopy(values: Float32Array): SharedVector {
  const vector = sharedVector(values.length);
  vector.set(values);
  return vector;
}
