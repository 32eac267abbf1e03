import { VariableType, type Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { PromQueryFormat, type Dataquery } from '@grafana/grafana-foundation-sdk/prometheus';
import { panelsOf } from '../../deploy/grafana/src/dashboards.js';
import { comparedIn } from './promql.js';

/** What a dashboard asks Prometheus. */
export interface PanelQuery {
  /** Which panel, annotation or variable it is of. */
  readonly of: string;
  /** As Grafana sends it where everything is chosen. */
  readonly expr: string;
  /** How its series are called; null where they are not shown by name. */
  readonly legend: string | null;
}

/** What Grafana puts in for its own variables, and for ours where everything is chosen. `$__rate_interval` is of four scrapes. */
const CHOSEN: Readonly<Record<string, string>> = {
  __rate_interval: '4s',
  coordinator: '.*',
  pool: '.*',
  run: '.*',
  worker: '.*',
  host: '.*',
};

/** The queries of a dashboard's panels. */
export function panelQueries(dashboard: Dashboard): PanelQuery[] {
  return panelsOf(dashboard).flatMap(({ title, targets }) =>
    ((targets ?? []) as Dataquery[]).map(({ expr, format, legendFormat }) => ({
      of: `${dashboard.title}: ${title}`,
      expr: chosen(expr),
      legend: format === PromQueryFormat.Table ? null : (legendFormat ?? ''),
    })),
  );
}

/** What annotations compare. Most of the time they give nothing, so it is the sides that are asked for. */
export function annotationQueries({ title, annotations }: Dashboard): PanelQuery[] {
  return (annotations.list ?? []).flatMap(({ name, expr, titleFormat }) =>
    comparedIn(chosen(expr ?? '')).map((part) => ({
      of: `${title}: annotation ${name}`,
      expr: part,
      legend: titleFormat ?? '',
    })),
  );
}

/** The series whose labels fill the variables, and the label. */
export function variableQueries({
  title,
  templating,
}: Dashboard): (PanelQuery & { readonly label: string })[] {
  return (templating.list ?? [])
    .filter(({ type }) => type === VariableType.Query)
    .map(({ name, definition }) => {
      const [, series, label] = /^label_values\((.*), (\w+)\)$/.exec(definition ?? '')!;
      return { of: `${title}: variable ${name}`, expr: chosen(series), legend: null, label };
    });
}

function chosen(expression: string): string {
  return expression.replace(/\$(\w+)/g, (whole, name: string) => CHOSEN[name] ?? whole);
}
