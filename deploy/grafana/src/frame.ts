import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DATA_SOURCE, ofCoordinator } from './queries.js';

/** What all dashboards are found by, and linked to each other. */
const TAG = 'rocinante';

/** A variable that is filled by Prometheus: the values of a label. */
export interface LabelVariable {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** The metric whose label is asked for, with its matchers. */
  readonly series: string;
  readonly label: string;
  readonly sort?: VariableSort;
}

export const coordinatorVariable: LabelVariable = {
  name: 'coordinator',
  title: 'Coordinator',
  description: 'Where Prometheus scrapes it.',
  series: 'rocinante_coordinator_build_info',
  label: 'instance',
};

export const poolVariable: LabelVariable = {
  name: 'pool',
  title: 'Pool',
  description: 'Pools of workers.',
  series: `rocinante_coordinator_live_workers{${ofCoordinator}}`,
  label: 'pool',
};

/** Newest first: a run's id is `r` and a number that grows. */
export const runVariable: LabelVariable = {
  name: 'run',
  title: 'Run',
  description: 'Runs of the chosen pools that waited or were active in the time that is shown.',
  series: `rocinante_coordinator_run_info{${ofCoordinator}, pool=~"$pool"}`,
  label: 'run',
  sort: VariableSort.NumericalDesc,
};

export const workerVariable: LabelVariable = {
  name: 'worker',
  title: 'Worker',
  description: 'Workers of the chosen pools that were there in the time that is shown.',
  series: 'rocinante_worker_connected{pool=~"$pool"}',
  label: 'worker',
};

/** Something that happened, drawn over every graph: a point wherever the expression has a value. */
interface Event {
  readonly name: string;
  readonly expr: string;
  readonly title: string;
  readonly colour: string;
}

/** What is looked at for each point is the minute before it, so that no event is seen twice or missed. */
const STEP = '60s';

const events: readonly Event[] = [
  {
    name: 'Coordinator started',
    expr: `time() - rocinante_coordinator_process_start_time_seconds{${ofCoordinator}} < 60`,
    title: 'coordinator {{instance}} started',
    colour: 'blue',
  },
  {
    name: 'Worker lost',
    expr: `increase(rocinante_coordinator_lost_workers_total{${ofCoordinator}}[1m]) > 0`,
    title: 'a worker was lost',
    colour: 'orange',
  },
  {
    name: 'Run diverged',
    expr: `increase(rocinante_coordinator_divergences_total{${ofCoordinator}}[1m]) > 0`,
    title: '{{run}} diverged',
    colour: 'red',
  },
  {
    name: 'Run ended',
    expr: `rocinante_coordinator_run_state{${ofCoordinator}, state=~"done|stopped|failed"} == 1`,
    title: '{{run}}: {{state}}',
    colour: 'green',
  },
];

/** A dashboard without panels: its variables, its links to the others, and events over its graphs. */
export function frame(
  { uid, title, description }: { readonly uid: string; readonly title: string; readonly description: string },
  variables: readonly LabelVariable[],
): DashboardBuilder {
  const dashboard = new DashboardBuilder(`Rocinante / ${title}`)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .timezone('browser')
    .time({ from: 'now-3h', to: 'now' })
    .refresh('30s')
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(
      new DatasourceVariableBuilder('datasource')
        .label('Data source')
        .description('The Prometheus that scrapes the coordinator.')
        .type('prometheus'),
    );
  for (const variable of variables) dashboard.withVariable(labelVariable(variable));
  for (const event of events) dashboard.annotation(annotation(event));
  return dashboard.link(
    new DashboardLinkBuilder('Rocinante')
      .type(DashboardLinkType.Dashboards)
      .tooltip('The other dashboards, for the same choice and time')
      .tags([TAG])
      .asDropdown(false)
      .includeVars(true)
      .keepTime(true),
  );
}

function labelVariable({
  name,
  title,
  description,
  series,
  label,
  sort,
}: LabelVariable): QueryVariableBuilder {
  const query = `label_values(${series}, ${label})`;
  return new QueryVariableBuilder(name)
    .label(title)
    .description(description)
    .datasource(DATA_SOURCE)
    .definition(query)
    .query({ query, refId: `variable-${name}` })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(sort ?? VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .current({ selected: true, text: ['All'], value: ['$__all'] });
}

function annotation({ name, expr, title, colour }: Event): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(DATA_SOURCE)
    .enable(true)
    .iconColor(colour)
    .expr(expr)
    .step(STEP)
    .titleFormat(title);
}
