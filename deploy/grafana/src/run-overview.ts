import { RowBuilder, type DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { coordinatorVariable, frame, poolVariable, runVariable } from './frame.js';
import { graph, lanes, stack, stat, table } from './panels.js';
import { eachRun as each, named, ofRun, quantileOf } from './queries.js';

const remaining = `rocinante_coordinator_remaining_seconds{${ofRun}}`;
const progress = `rocinante_coordinator_step{${ofRun}} / rocinante_coordinator_planned_steps{${ofRun}}`;

/** A gauge of a run, one row each. */
const byRun = (expr: string): string => `sum by (instance, run) (${expr})`;

/** How runs learn, how fast, and what holds them up. */
export function runOverview(): DashboardBuilder {
  const dashboard = frame(
    {
      uid: 'rocinante-runs',
      title: 'Runs',
      description: 'How runs learn, how fast they are, when they end, and what holds them up.',
    },
    [coordinatorVariable, poolVariable, runVariable],
  );
  dashboard
    .withPanel(
      table(
        {
          title: 'Runs',
          description:
            'Runs that wait, are active, or ended within the last two minutes. A run that waits for its turn has a state only. A click on a run leads to its workers.',
          unit: 'short',
        },
        {
          run: 'Run',
          name: 'Name',
          pool: 'Pool',
          state: 'State',
          by: 'Bound by',
          worker: 'Held up by',
          instance: 'Coordinator',
        },
        [
          {
            name: 'info',
            expr: `group by (instance, run, name, pool) (rocinante_coordinator_run_info{${ofRun}})`,
            unit: 'short',
            labelsOnly: true,
          },
          {
            name: 'state',
            expr: `group by (instance, run, state) (rocinante_coordinator_run_state{${ofRun}})`,
            unit: 'short',
            labelsOnly: true,
          },
          {
            name: 'bound',
            expr: `group by (instance, run, by, worker) (rocinante_coordinator_bound_by{${ofRun}} == 1)`,
            unit: 'short',
            labelsOnly: true,
          },
          { name: 'Done', expr: byRun(progress), unit: 'percentunit' },
          { name: 'Remaining', expr: byRun(remaining), unit: 's' },
          { name: 'Loss', expr: byRun(`rocinante_coordinator_loss_nats{${ofRun}}`), unit: 'none' },
          {
            name: 'Held-out loss',
            expr: byRun(`rocinante_coordinator_held_out_loss_nats{${ofRun}}`),
            unit: 'none',
          },
          {
            name: 'Windows/s',
            expr: byRun(`rocinante_coordinator_windows_per_second{${ofRun}}`),
            unit: 'short',
          },
        ],
        {
          run: '/d/rocinante-workers?${__url_time_range}&${datasource:queryparam}&var-pool=${__data.fields.Pool}',
        },
      ),
    )
    .withRow(new RowBuilder('Now'))
    .withPanel(
      stat(
        {
          title: 'Loss',
          description: 'Mean training loss of the last step, in nats, with dropout.',
          unit: 'none',
        },
        { expr: named(`rocinante_coordinator_loss_nats{${ofRun}}`), legend: each },
      ).decimals(4),
    )
    .withPanel(
      stat(
        {
          title: 'Held-out loss',
          description:
            'Mean loss over the held-out part at the last evaluation, in nats. Empty where nothing is held out.',
          unit: 'none',
        },
        { expr: named(`rocinante_coordinator_held_out_loss_nats{${ofRun}}`), legend: each },
      ).decimals(4),
    )
    .withPanel(
      stat(
        { title: 'Rate', description: 'Windows a second over the last 20 steps.', unit: 'short' },
        { expr: named(`rocinante_coordinator_windows_per_second{${ofRun}}`), legend: each },
      ),
    )
    .withPanel(
      stat(
        {
          title: 'Remaining',
          description:
            'Time to the last planned step at the pace of the last minutes, with evaluations and checkpoints. Empty for a run that waits.',
          unit: 's',
        },
        { expr: named(remaining), legend: each },
      ),
    )
    .withPanel(
      stat(
        { title: 'Done', description: 'Steps closed, of those planned.', unit: 'percentunit' },
        { expr: named(progress), legend: each },
      ),
    )
    .withPanel(
      stat(
        {
          title: 'Workers',
          description: 'Workers that were given work in the last step.',
          unit: 'none',
        },
        {
          expr: named(`count by (instance, run) (rocinante_coordinator_worker_share_ratio{${ofRun}} > 0)`),
          legend: each,
        },
      ),
    )
    .withRow(new RowBuilder('Learning'))
    .withPanel(
      graph(
        {
          title: 'Loss',
          description:
            'Training loss of each step and, where a part is held out, its loss at each evaluation, in nats. Training loss has dropout on, so it may lie above the other.',
          unit: 'none',
          span: 12,
        },
        {
          expr: named(`avg_over_time(rocinante_coordinator_loss_nats{${ofRun}}[$__rate_interval])`),
          legend: `${each} train`,
        },
        { expr: named(`rocinante_coordinator_held_out_loss_nats{${ofRun}}`), legend: `${each} held out` },
      ),
    )
    .withPanel(
      graph(
        {
          title: 'Divergences and work issued again',
          description:
            'Times that the loss spiked or was no number, and issues of a step after its first. The first step is always issued twice.',
          unit: 'none',
          span: 12,
        },
        { expr: named(`rocinante_coordinator_divergences_total{${ofRun}}`), legend: `${each} diverged` },
        {
          expr: named(`rocinante_coordinator_reissued_steps_total{${ofRun}}`),
          legend: `${each} issued again`,
        },
      ),
    )
    .withPanel(
      graph(
        {
          title: 'Learning rate',
          description:
            'Of the last step: the schedule, and half of it after each time that the run went back.',
          unit: 'none',
          span: 12,
        },
        { expr: named(`rocinante_coordinator_learning_rate{${ofRun}}`), legend: each },
      ),
    )
    .withPanel(
      graph(
        {
          title: 'Gradient norm',
          description:
            'Euclidean norm of the last step’s mean gradient, before clipping. What lies above its --clip-norm is clipped. Empty for a run that does not clip.',
          unit: 'none',
          span: 12,
        },
        { expr: named(`rocinante_coordinator_gradient_norm{${ofRun}}`), legend: each },
      ),
    )
    .withRow(new RowBuilder('Speed'))
    .withPanel(
      graph(
        {
          title: 'Windows a second',
          description: 'Windows of closed steps by the clock: evaluations, checkpoints and pauses count.',
          unit: 'short',
        },
        {
          expr: named(`rate(rocinante_coordinator_windows_total{${ofRun}}[$__rate_interval])`),
          legend: each,
        },
      ),
    )
    .withPanel(
      graph(
        {
          title: 'Duration of a step',
          description:
            "From a step's first issue to its close: the median, and what one in twenty is longer than.",
          unit: 's',
        },
        {
          expr: named(quantileOf(0.5, 'rocinante_coordinator_step_duration_seconds', ofRun, 'instance, run')),
          legend: `${each} median`,
        },
        {
          expr: named(
            quantileOf(0.95, 'rocinante_coordinator_step_duration_seconds', ofRun, 'instance, run'),
          ),
          legend: `${each} 95 %`,
        },
      ),
    )
    .withPanel(
      graph(
        {
          title: 'Time since the run got on',
          description:
            'Since a step was closed or a part of an evaluation came. It is to stay within a few steps; the alert RocinanteRunStuck looks at it.',
          unit: 's',
        },
        { expr: named(`rocinante_coordinator_progress_age_seconds{${ofRun}}`), legend: each },
      ),
    )
    .withPanel(
      stack(
        {
          title: 'Where a step’s time goes',
          description:
            'Mean seconds of a step in each phase, over the chosen runs. `wait`: workers compute. `broadcast` and `receive`: the network. `assign`, `sum` and `apply`: the coordinator.',
          unit: 's',
          span: 12,
        },
        {
          expr:
            `sum by (phase) (rate(rocinante_coordinator_step_phase_duration_seconds_sum{${ofRun}}[$__rate_interval])) / ` +
            `on () group_left () sum(rate(rocinante_coordinator_step_duration_seconds_count{${ofRun}}[$__rate_interval]))`,
          legend: '{{phase}}',
        },
      ),
    )
    .withPanel(
      lanes(
        {
          title: 'Bound by',
          description:
            'What bounds each run’s speed: computing, the wire, the coordinator, or one worker that the others wait for, by name.',
          unit: 'none',
          span: 12,
        },
        {
          expr: named(`rocinante_coordinator_bound_by{${ofRun}} == 1`),
          legend: `${each}: {{by}} {{worker}}`,
        },
      ),
    );
  return dashboard;
}
