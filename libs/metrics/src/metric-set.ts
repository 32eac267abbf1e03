import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { labelSets, type LabelValues, type MetricDefinition, type MetricTable } from './definition.js';

type LabelsOf<Labels extends LabelValues> = Extract<keyof Labels, string>;

/** The metric that a definition makes. */
export type MetricOf<Definition> =
  Definition extends MetricDefinition<infer Type, infer Labels>
    ? Type extends 'counter'
      ? Counter<LabelsOf<Labels>>
      : Type extends 'gauge'
        ? Gauge<LabelsOf<Labels>>
        : Histogram<LabelsOf<Labels>>
    : never;

export type MetricsOf<Table extends MetricTable> = { readonly [Name in keyof Table]: MetricOf<Table[Name]> };

/** Values of labels that are not known beforehand, by label. */
export type OpenLabels = Readonly<Record<string, readonly string[]>>;

/**
 * The metrics of a table, in a registry of their own: two sets in one process know nothing of each other.
 *
 * Counters and histograms whose labels' values are all known have their series, at zero, from the start: what has not
 * happened yet reads 0, and is not missing. A gauge has a series when it is set.
 */
export class MetricSet<Table extends MetricTable> {
  readonly metrics: MetricsOf<Table>;
  readonly #definitions: Table;
  readonly #registry = new Registry();
  readonly #beforeScrape: (() => void | Promise<void>)[] = [];

  constructor(definitions: Table) {
    this.#definitions = definitions;
    this.metrics = Object.fromEntries(
      Object.entries(definitions).map(([key, definition]) => [key, make(definition, this.#registry)]),
    ) as MetricsOf<Table>;
    this.#startAtZero(() => true, {});
  }

  /** Prometheus's text format. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Registers what is to be done before each scrape: set the gauges that are measured and not told. */
  beforeScrape(measure: () => void | Promise<void>): void {
    this.#beforeScrape.push(measure);
  }

  /** Gives the counters and histograms that have this label their series, at zero, for one value of it. */
  begin(label: string, value: string): void {
    this.#startAtZero((definition) => label in definition.labels, { [label]: [value] });
  }

  /** Removes every series that has this value of the label, with all `others` where the metric has further open labels. */
  end(label: string, value: string, others: OpenLabels = {}): void {
    for (const [key, definition] of Object.entries(this.#definitions)) {
      if (!(label in definition.labels)) continue;
      for (const set of labelSets(definition.labels, { ...others, [label]: [value] }))
        this.#metric(key).remove(set);
    }
  }

  /** Everything as Prometheus reads it. */
  async text(): Promise<string> {
    for (const measure of this.#beforeScrape) await measure();
    return this.#registry.metrics();
  }

  #startAtZero(chosen: (definition: MetricDefinition) => boolean, open: OpenLabels): void {
    for (const [key, definition] of Object.entries(this.#definitions)) {
      if (!chosen(definition)) continue;
      const metric = this.#metric(key);
      for (const set of labelSets(definition.labels, open)) {
        if (metric instanceof Counter) metric.inc(set, 0);
        else if (metric instanceof Histogram) metric.zero(set);
      }
    }
  }

  #metric(key: string): Counter | Gauge | Histogram {
    return this.metrics[key];
  }
}

function make(definition: MetricDefinition, registry: Registry): Counter | Gauge | Histogram {
  const { type, name, help, labels, buckets } = definition;
  const terms = { name, help, labelNames: Object.keys(labels), registers: [registry] };
  switch (type) {
    case 'counter':
      return new Counter(terms);
    case 'gauge':
      return new Gauge(terms);
    case 'histogram':
      return new Histogram({ ...terms, buckets: [...buckets] });
  }
}
