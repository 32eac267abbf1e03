/** A counter only grows, a gauge is what is true now, a histogram counts durations by size. */
export type MetricType = 'counter' | 'gauge' | 'histogram';

/** The values that a label may have, where they are known beforehand; null where they come with runs and workers. */
export type LabelValues = Readonly<Record<string, readonly string[] | null>>;

/** All that is to be said of a metric: what makes it, and what documentation says of it. */
export interface MetricDefinition<
  Type extends MetricType = MetricType,
  Labels extends LabelValues = LabelValues,
> {
  readonly type: Type;
  /** `rocinante_<part>_<what>_<base unit>`; a counter's ends in `_total`. */
  readonly name: string;
  /** For people. */
  readonly unit: string;
  readonly help: string;
  readonly labels: Labels;
  /** Upper bounds of a histogram's buckets, in its unit; empty for the other types. */
  readonly buckets: readonly number[];
}

/** Definitions by the name that the program calls each by. */
export type MetricTable = Readonly<Record<string, MetricDefinition>>;

/** Unit, help and, where it has any, labels of a metric. */
export interface MetricTerms<Labels extends LabelValues> {
  readonly unit: string;
  readonly help: string;
  readonly labels?: Labels;
}

export function counter<const Labels extends LabelValues = Record<never, null>>(
  name: string,
  terms: MetricTerms<Labels>,
): MetricDefinition<'counter', Labels> {
  return define('counter', name, terms, []);
}

export function gauge<const Labels extends LabelValues = Record<never, null>>(
  name: string,
  terms: MetricTerms<Labels>,
): MetricDefinition<'gauge', Labels> {
  return define('gauge', name, terms, []);
}

export function histogram<const Labels extends LabelValues = Record<never, null>>(
  name: string,
  terms: MetricTerms<Labels> & { readonly buckets: readonly number[] },
): MetricDefinition<'histogram', Labels> {
  return define('histogram', name, terms, terms.buckets);
}

function define<Type extends MetricType, Labels extends LabelValues>(
  type: Type,
  name: string,
  { unit, help, labels }: MetricTerms<Labels>,
  buckets: readonly number[],
): MetricDefinition<Type, Labels> {
  return { type, name, unit, help, labels: labels ?? ({} as Labels), buckets };
}

/**
 * All combinations of a metric's labels.
 * @param open the values of labels that have no list of their own, by label.
 * @returns an empty list where an open label has no values; one empty set where there are no labels.
 */
export function labelSets(
  labels: LabelValues,
  open: Readonly<Record<string, readonly string[]>> = {},
): Record<string, string>[] {
  let sets: Record<string, string>[] = [{}];
  for (const [label, listed] of Object.entries(labels)) {
    const values = listed ?? open[label] ?? [];
    sets = sets.flatMap((set) => values.map((value) => ({ ...set, [label]: value })));
  }
  return sets;
}
