import { createRequire } from 'node:module';
import { EngineLoadError } from './errors.js';

/** TensorFlow's numbers for the element types in use (TF_DataType). */
export const DataType = {
  float32: 1,
  float64: 2,
  int32: 3,
  int64: 9,
  bool: 10,
  bfloat16: 14,
  uint16: 17,
  uint32: 22,
} as const;

/** The binding's numbers for the kinds of attribute (TF_AttrType). */
export const AttributeType = { string: 0, int: 1, float: 2, bool: 3, type: 4, shape: 5 } as const;

/** An op's attribute as the binding takes it. */
export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: number | boolean | string | readonly number[];
}

/** What the binding says of a tensor that it made. */
export interface TensorInfo {
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: number;
}

/** The part of tfjs_binding.node that we call. Everything is synchronous. */
export interface Binding {
  readonly TF_Version: string;
  createTensor(shape: readonly number[], dtype: number, values: Float32Array | Int32Array): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): Float32Array | Int32Array | BigInt64Array;
  executeOp(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly number[],
    outputs: number,
  ): TensorInfo[];
  /** `tags` and names are lists with commas. */
  loadSavedModel(folder: string, tags: string): number;
  runSavedModel(
    model: number,
    inputs: readonly number[],
    inputNames: string,
    outputNames: string,
  ): TensorInfo[];
  deleteSavedModel(model: number): void;
  getNumOfSavedModels(): number;
  isUsingGpuDevice(): boolean;
  getNumOfTensors(): number;
}

/**
 * Loads the native module.
 * @throws {EngineLoadError} the system's loader refused it.
 */
export function loadBinding(path: string): Binding {
  try {
    return createRequire(import.meta.url)(path) as Binding;
  } catch (cause) {
    throw new EngineLoadError(path, cause);
  }
}
