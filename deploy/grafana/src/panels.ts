import { PanelBuilder as BarGauge } from '@grafana/grafana-foundation-sdk/bargauge';
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
  SortOrder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type DynamicConfigValue,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StateTimeline } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import { asColumn, atEnd, DATA_SOURCE, overTime, refId, type Query } from './queries.js';

/** What every panel says: a title, what the numbers mean and what to look for, and their unit, by Grafana's id. */
export interface Terms {
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  /** Of 24 columns; by default a third. */
  readonly span?: number;
}

const GRAPH_SPAN = 8;
const GRAPH_HEIGHT = 8;
const STAT_SPAN = 4;
const STAT_HEIGHT = 4;
const TABLE_SPAN = 24;
const TABLE_HEIGHT = 9;

/** What panels of every kind can be told. */
interface Framed {
  title(title: string): this;
  description(description: string): this;
  unit(unit: string): this;
  datasource(source: typeof DATA_SOURCE): this;
  span(columns: number): this;
  height(rows: number): this;
}

/** A panel with its words, its unit and its place. */
function framed<Panel extends Framed>(panel: Panel, terms: Terms, span: number, height: number): Panel {
  return panel
    .title(terms.title)
    .description(terms.description)
    .unit(terms.unit)
    .datasource(DATA_SOURCE)
    .span(terms.span ?? span)
    .height(height);
}

/** Lines over time. The legend is a table, so that twenty runs or workers can be sorted by what they are now. */
export function graph(terms: Terms, ...queries: readonly Query[]): TimeSeries {
  const panel = framed(new TimeSeries(), terms, GRAPH_SPAN, GRAPH_HEIGHT)
    .lineWidth(1)
    .fillOpacity(5)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .calcs(['lastNotNull', 'max']),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  queries.forEach((query, index) => panel.withTarget(overTime(query, index)));
  return panel;
}

/** Areas that add up, such as phases of a step. */
export function stack(terms: Terms, ...queries: readonly Query[]): TimeSeries {
  return graph(terms, ...queries)
    .fillOpacity(40)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
}

/** The newest number of each series, with a line behind it. */
export function stat(terms: Terms, ...queries: readonly Query[]): Stat {
  const panel = framed(new Stat(), terms, STAT_SPAN, STAT_HEIGHT)
    .colorMode(BigValueColorMode.None)
    .graphMode(BigValueGraphMode.Area)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']));
  queries.forEach((query, index) => panel.withTarget(overTime(query, index)));
  return panel;
}

/** A bar for each series, the newest value; from these limits on in yellow and red. */
export function bars(
  terms: Terms,
  { yellow, red }: { readonly yellow: number; readonly red: number },
  query: Query,
): BarGauge {
  return framed(new BarGauge(), terms, GRAPH_SPAN, GRAPH_HEIGHT)
    .min(0)
    .displayMode(BarGaugeDisplayMode.Basic)
    .orientation(VizOrientation.Horizontal)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .thresholds(limits(yellow, red))
    .withTarget(atEnd(query, 0));
}

/** What was so when: a lane for each legend, filled while its series is there. */
export function lanes(terms: Terms, query: Query): StateTimeline {
  return framed(new StateTimeline(), terms, GRAPH_SPAN, GRAPH_HEIGHT)
    .perPage(20)
    .legend(new VizLegendOptionsBuilder().showLegend(false).displayMode(LegendDisplayMode.List))
    .withTarget(overTime(query, 0));
}

/** A column of a table: `expr` gives one series a row. */
export interface Column {
  readonly name: string;
  readonly expr: string;
  readonly unit: string;
  /** Whether only the labels are of use, and the value is always 1. */
  readonly labelsOnly?: boolean;
}

/**
 * A row for each combination of labels that the columns have in common.
 * @param labels those that are shown, with their titles, in their order.
 * @param links by label: where a click on it leads.
 */
export function table(
  terms: Terms,
  labels: Readonly<Record<string, string>>,
  columns: readonly Column[],
  links: Readonly<Record<string, string>> = {},
): Table {
  const panel = framed(new Table(), terms, TABLE_SPAN, TABLE_HEIGHT).filterable(true);
  const valueName = (index: number): string => (columns.length === 1 ? 'Value' : `Value #${refId(index)}`);
  columns.forEach(({ expr }, index) => panel.withTarget(asColumn(expr, index)));
  const hidden = columns.flatMap(({ labelsOnly }, index) => (labelsOnly === true ? [valueName(index)] : []));
  const shown = [
    ...Object.entries(labels),
    ...columns.map(({ name }, index) => [valueName(index), name] as const),
  ];
  panel.withTransformation({ id: 'merge', options: {} }).withTransformation({
    id: 'organize',
    options: {
      excludeByName: Object.fromEntries(['Time', ...hidden].map((name) => [name, true])),
      indexByName: Object.fromEntries(shown.map(([field], index) => [field, index])),
      renameByName: Object.fromEntries(shown),
    },
  });
  for (const { name, unit, labelsOnly } of columns) {
    if (labelsOnly !== true) panel.overrideByName(name, [{ id: 'unit', value: unit }]);
  }
  for (const [label, url] of Object.entries(links)) panel.overrideByName(labels[label], linkTo(url));
  return panel;
}

function linkTo(url: string): DynamicConfigValue[] {
  return [{ id: 'links', value: [{ title: 'Its workers', url }] }];
}

function limits(yellow: number, red: number): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
    { value: null, color: 'green' },
    { value: yellow, color: 'yellow' },
    { value: red, color: 'red' },
  ]);
}
