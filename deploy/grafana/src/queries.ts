import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';

/** The data source that the dashboard's variable of this name chooses. */
export const DATA_SOURCE = { type: 'prometheus', uid: '${datasource}' } as const;

/** Series of the chosen coordinators; of their chosen runs; of the chosen workers. */
export const ofCoordinator = 'instance=~"$coordinator"';
export const ofRun = 'instance=~"$coordinator", run=~"$run"';
export const ofWorker = 'pool=~"$pool", worker=~"$worker"';

/** What a run is called in a legend: ids are each coordinator's own. `named` puts the name in. */
export const eachRun = '{{name}} ({{run}}, {{instance}})';

/** What a worker is called in a legend: names are each coordinator's own too. */
export const eachWorker = '{{worker}} ({{coordinator}})';

/** An expression whose series have `instance` and `run`, with the runs' names as a label more. */
export function named(expr: string): string {
  const info = `group by (instance, run, name) (rocinante_coordinator_run_info{${ofRun}})`;
  return `(${expr}) * on (instance, run) group_left (name) ${info}`;
}

/** One expression of a panel, and what its series are called in the legend, with labels as `{{label}}`. */
export interface Query {
  readonly expr: string;
  readonly legend: string;
}

/** A query over the dashboard's time. */
export function overTime({ expr, legend }: Query, index: number): DataqueryBuilder {
  return new DataqueryBuilder()
    .datasource(DATA_SOURCE)
    .expr(expr)
    .legendFormat(legend)
    .refId(refId(index))
    .range();
}

/** A query at the end of the dashboard's time. */
export function atEnd({ expr, legend }: Query, index: number): DataqueryBuilder {
  return overTime({ expr, legend }, index).instant();
}

/** A column of a table: one row a series, and a field for each of its labels. */
export function asColumn(expr: string, index: number): DataqueryBuilder {
  return atEnd({ expr, legend: '' }, index).format(PromQueryFormat.Table);
}

/** What Grafana calls the n-th query of a panel, from 0: `A`, `B`. */
export function refId(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index);
}

/** Mean duration in seconds of a histogram's observations, by some labels. */
export function meanOf(histogram: string, matchers: string, by: string): string {
  const rate = (part: string): string =>
    `sum by (${by}) (rate(${histogram}_${part}{${matchers}}[$__rate_interval]))`;
  return `${rate('sum')} / ${rate('count')}`;
}

/** A quantile of a histogram's observations, by some labels. */
export function quantileOf(quantile: number, histogram: string, matchers: string, by: string): string {
  const buckets = `sum by (le, ${by}) (rate(${histogram}_bucket{${matchers}}[$__rate_interval]))`;
  return `histogram_quantile(${quantile}, ${buckets})`;
}
