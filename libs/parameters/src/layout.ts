import { assert, sha256 } from '@rocinante/base';

/** Elements of a block: the stretch of a tensor that shares one power-of-two grid. */
export const BLOCK_ELEMENTS = 1024;

/** Blocks of a range: at most 1 MiB of 4-byte elements, the unit that travels, is summed and is applied. */
export const RANGE_BLOCKS = 256;

/** A tensor of a model: its name (Keras's, such as `lstm_1/kernel`) and shape. */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A tensor with its place in the flat vector. Offsets and sizes are in elements. */
export interface TensorEntry extends TensorSpec {
  readonly offset: number;
  readonly size: number;
  readonly firstBlock: number;
  readonly blockCount: number;
}

/** A run of whole blocks: elements [start, end) of the flat vector. */
export interface ParameterRange {
  readonly index: number;
  readonly firstBlock: number;
  readonly blockCount: number;
  readonly start: number;
  readonly end: number;
}

/**
 * How a model's tensors lie in one flat vector: in the given order, without gaps, each row-major.
 *
 * Blocks begin anew at each tensor, so a tensor's last block may be short. Ranges are runs of whole blocks over the
 * vector, without regard to tensors; ranges cover the vector once and in order.
 */
export interface ParameterLayout {
  readonly tensors: readonly TensorEntry[];
  /** Elements in all. */
  readonly length: number;
  readonly blockCount: number;
  /** Where each block begins, in elements; one more entry than blocks, the last being `length`. */
  readonly blockStarts: Uint32Array;
  readonly ranges: readonly ParameterRange[];
  /** Elements of the longest range. */
  readonly longestRange: number;
}

/** Lays tensors out in one vector, in the order given. Names must differ, and every dimension be a positive integer. */
export function createLayout(specs: readonly TensorSpec[]): ParameterLayout {
  assert(new Set(specs.map((spec) => spec.name)).size === specs.length, 'tensor names must differ');
  const tensors: TensorEntry[] = [];
  const starts: number[] = [];
  let offset = 0;
  for (const { name, shape } of specs) {
    assert(
      shape.every((dimension) => Number.isInteger(dimension) && dimension > 0),
      `${name}: dimensions must be positive integers, not [${shape.join(', ')}]`,
    );
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    const blockCount = Math.ceil(size / BLOCK_ELEMENTS);
    tensors.push({ name, shape, offset, size, firstBlock: starts.length, blockCount });
    for (let block = 0; block < blockCount; block++) starts.push(offset + block * BLOCK_ELEMENTS);
    offset += size;
  }
  const blockStarts = Uint32Array.from([...starts, offset]);
  const ranges = cutRanges(blockStarts);
  const longestRange = Math.max(...ranges.map(({ start, end }) => end - start));
  return { tensors, length: offset, blockCount: starts.length, blockStarts, ranges, longestRange };
}

function cutRanges(blockStarts: Uint32Array): ParameterRange[] {
  const blocks = blockStarts.length - 1;
  const ranges: ParameterRange[] = [];
  for (let firstBlock = 0; firstBlock < blocks; firstBlock += RANGE_BLOCKS) {
    const blockCount = Math.min(RANGE_BLOCKS, blocks - firstBlock);
    ranges.push({
      index: ranges.length,
      firstBlock,
      blockCount,
      start: blockStarts[firstBlock],
      end: blockStarts[firstBlock + blockCount],
    });
  }
  return ranges;
}

/** SHA-256 of what a vector's order follows from: every tensor's name and shape. Two sides compare it before they exchange. */
export function layoutSha256(layout: ParameterLayout): string {
  const order = layout.tensors.map(({ name, shape }) => [name, shape]);
  return sha256(Buffer.from(JSON.stringify(order)));
}
