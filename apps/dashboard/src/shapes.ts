/** What the coordinator says, as far as the page reads it: entries of a run's log, and what comes with them. */
import type { RatePoint, ShownJson } from '@rocinante/run-json';

/** The entry `started`, as far as it is read. */
export interface Started {
  readonly event: 'started';
  readonly atStep: number;
  readonly stepsTotal: number;
  readonly stepsPerEpoch: number;
  readonly windowsPerEpoch: number;
  readonly heldOutSymbols: number;
  readonly characters: number;
  readonly symbols: number;
  readonly window: number;
  readonly batch: number;
  readonly microBatch: number;
  readonly units: readonly number[];
  readonly parameters: number;
}

/** An entry of a run's log. */
export type Entry = { readonly time: string; readonly worker?: string } & (
  | Started
  | {
      readonly event: 'step';
      readonly step: number;
      readonly epoch: number;
      readonly loss: number;
      readonly windows: number;
      readonly seconds: number;
      readonly gradientNorm: number | null;
      readonly learningRate: number | null;
    }
  | {
      readonly event: 'evaluation';
      readonly atStep: number;
      readonly epoch: number;
      readonly loss: number;
      readonly validationLoss: number | null;
      readonly best: boolean;
    }
  | { readonly event: 'went-back'; readonly atStep: number }
  | { readonly event: 'sample'; readonly atStep: number; readonly text: string }
  | { readonly event: 'other'; readonly atStep: number }
);

/** An entry, and what it says to a person; null where that is nothing. */
export interface Told {
  readonly entry: Entry;
  readonly text: string | null;
  /** Whether the run's log loses it where the run goes on from an earlier step than its own. */
  readonly repeats: boolean;
  /** Whether it is of what goes by itself. */
  readonly usual: boolean;
}

export interface Opening {
  readonly shown: ShownJson;
  readonly started: Started | null;
  readonly curve: readonly RatePoint[];
  readonly told: readonly Told[];
  readonly sample: string | null;
}

/** Who looks at the page, and what can be begun from it. */
export interface About {
  readonly version: string;
  readonly holder: { readonly name: string; readonly role: string } | null;
  readonly mayOrder: boolean;
  readonly presets: Readonly<Record<string, Preset>>;
  readonly texts: readonly { readonly id: string; readonly name: string }[];
}

export interface Preset {
  readonly epochs: number;
  readonly seed: number;
  readonly batch: { readonly size: number; readonly microBatch: number };
  readonly optimizer: { readonly learningRate: number };
}
