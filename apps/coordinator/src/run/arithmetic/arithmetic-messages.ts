import type { ParameterLayout, SharedInt32, SharedWebAssemblyMemory } from '@rocinante/parameters';
import type {
  Clipping,
  Half,
  IssueTerms,
  OptimizerTerms,
  RangeChecksums,
  SharedState,
  StateVectors,
} from './step-arithmetic.js';

/** What the arithmetic's thread begins with; the vectors lie in shared memory. */
export interface ArithmeticSetting {
  readonly layout: ParameterLayout;
  readonly optimizer: OptimizerTerms;
  readonly halves: readonly [SharedState, SharedState];
  /** `VectorMemory.shared` of the memory in which the halves lie, and all that is to be added. */
  readonly memory: SharedWebAssemblyMemory | null;
  /** Where `copy` copies to. */
  readonly snapshot: StateVectors;
  /** Whether each range that is made comes with its checksums. */
  readonly checksummed: boolean;
}

/** What the network's thread asks of it; carried out in this order. */
export type ArithmeticRequest =
  | { readonly type: 'begin'; readonly terms: IssueTerms }
  | { readonly type: 'add'; readonly range: number; readonly values: SharedInt32 }
  | {
      readonly type: 'apply';
      readonly step: number;
      readonly issue: number;
      readonly ranges: readonly number[];
    }
  | { readonly type: 'copy'; readonly half: Half };

/**
 * What it answers: for each `add` that its values are not needed any more, for each range of an `apply` that it is made, for
 * each `copy` that it is made.
 */
export type ArithmeticAnswer =
  { readonly type: 'added' } | ({ readonly type: 'made' } & RangeMade) | { readonly type: 'copied' };

/** A range of the next state is made. */
export interface RangeMade {
  readonly step: number;
  readonly issue: number;
  readonly range: number;
  /** Whether every value of it is finite. */
  readonly finite: boolean;
  /** Of the issue; null without clipping. */
  readonly clipping: Clipping | null;
  /** Null where none are wanted. */
  readonly checksums: RangeChecksums | null;
}
