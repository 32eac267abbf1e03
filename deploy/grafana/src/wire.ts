import { RowBuilder, type DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { coordinatorVariable, frame, poolVariable, runVariable, workerVariable } from './frame.js';
import { graph, stack, stat } from './panels.js';
import { eachRun, eachWorker, named, ofCoordinator, ofRun, ofWorker } from './queries.js';

const RATE = '[$__rate_interval]';
const stepRate = `sum(rate(rocinante_coordinator_step_duration_seconds_count{${ofCoordinator}}${RATE}))`;

const coordinatorRate = (direction: 'sent' | 'received'): string =>
  `sum(rate(rocinante_coordinator_${direction}_bytes_total{${ofCoordinator}}${RATE}))`;

/** Over ten minutes, since what workers relay comes every five seconds only. */
const overhead =
  `sum(rate(rocinante_coordinator_received_bytes_total{${ofCoordinator}}[10m])) / ` +
  '(sum(rate(rocinante_worker_sent_bytes_total{pool=~"$pool"}[10m])) > 0)';

/** Each run with its workers, always 1: what joins a worker's series to the run that it works for. */
const worksFor = `group by (instance, run, worker) (rocinante_coordinator_worker_share_ratio{${ofRun}})`;
const perRun = (expr: string): string =>
  `sum by (instance, run) (${worksFor} * on (worker) group_left () sum by (worker) (${expr}))`;

/** Bytes of contributions, for each byte that they would have as plain float32. */
const contributionRatio =
  `${perRun(`rate(rocinante_worker_sent_bytes_total{${ofWorker}}${RATE})`)} / on (instance, run) (` +
  `${perRun(`rate(rocinante_worker_step_phase_duration_seconds_count{${ofWorker}, phase="send"}${RATE})`)} * on (instance, run) ` +
  `sum by (instance, run) (rocinante_coordinator_parameters_size_bytes{${ofRun}}))`;

/** What travels, what of it was needed, and what was done twice. */
export function wire(): DashboardBuilder {
  const dashboard = frame(
    {
      uid: 'rocinante-wire',
      title: 'Wire',
      description: 'What travels between coordinator and workers, and what work was given twice.',
    },
    [coordinatorVariable, poolVariable, runVariable, workerVariable],
  );
  dashboard
    .withPanel(
      stat(
        {
          title: 'Bytes a step',
          description: 'Sent and received by the coordinator for each step that was closed.',
          unit: 'bytes',
          span: 6,
        },
        {
          expr: `(${coordinatorRate('sent')} + ${coordinatorRate('received')}) / (${stepRate} > 0)`,
          legend: 'bytes a step',
        },
      ),
    )
    .withPanel(
      stat(
        {
          title: 'Contributions to plain float32',
          description:
            'Bytes of contributions, for each byte that they would have as plain float32: 1 without a codec that makes them smaller. Ranges that had to be sent again add to it.',
          unit: 'none',
          span: 6,
        },
        { expr: named(contributionRatio), legend: eachRun },
      ).decimals(3),
    )
    .withPanel(
      stat(
        {
          title: 'Overhead',
          description:
            'Bytes that the coordinator received over gRPC for each byte of vectors that the workers sent: framing, reports, metrics and logs make it more than 1. Choose the coordinator whose workers these are.',
          unit: 'none',
          span: 6,
        },
        { expr: overhead, legend: 'received to sent' },
      ).decimals(3),
    )
    .withPanel(
      stat(
        {
          title: 'Computed for each that counted',
          description:
            'Windows whose gradient workers computed, for each window in a closed step: 1 where nothing was computed twice. Audits, late work and lost workers make it more.',
          unit: 'none',
          span: 6,
        },
        {
          expr:
            `sum(rate(rocinante_worker_windows_total{pool=~"$pool"}[5m])) / ` +
            `(sum(rate(rocinante_coordinator_windows_total{${ofCoordinator}}[5m])) > 0)`,
          legend: 'computed to counted',
        },
      ).decimals(3),
    )
    .withRow(new RowBuilder('Bytes'))
    .withPanel(
      graph(
        {
          title: 'Coordinator',
          description: 'Bytes a second over gRPC with workers and operators, protocol overhead included.',
          unit: 'binBps',
        },
        {
          expr: `rate(rocinante_coordinator_sent_bytes_total{${ofCoordinator}}${RATE})`,
          legend: 'sent {{instance}}',
        },
        {
          expr: `rate(rocinante_coordinator_received_bytes_total{${ofCoordinator}}${RATE})`,
          legend: 'received {{instance}}',
        },
      ),
    )
    .withPanel(
      stack(
        {
          title: 'Sent by workers',
          description: 'Bytes of contributions a second, by worker.',
          unit: 'binBps',
        },
        {
          expr: `sum by (coordinator, worker) (rate(rocinante_worker_sent_bytes_total{${ofWorker}}${RATE}))`,
          legend: eachWorker,
        },
      ),
    )
    .withPanel(
      stack(
        {
          title: 'Received by workers',
          description: 'Bytes of parameters, and of the text when a run begins, a second, by worker.',
          unit: 'binBps',
        },
        {
          expr: `sum by (coordinator, worker) (rate(rocinante_worker_received_bytes_total{${ofWorker}}${RATE}))`,
          legend: eachWorker,
        },
      ),
    )
    .withPanel(
      graph(
        {
          title: 'Part of a step that waits for the network',
          description:
            'Part of the steps’ time in the phases `broadcast` (parameters on their way) and `receive` (contributions on their way) while nothing else goes on.',
          unit: 'percentunit',
        },
        {
          expr: named(
            `sum by (instance, run, phase) (rate(rocinante_coordinator_step_phase_duration_seconds_sum{${ofRun}, phase=~"broadcast|receive"}${RATE})) / ` +
              `on (instance, run) group_left () sum by (instance, run) (rate(rocinante_coordinator_step_duration_seconds_sum{${ofRun}}${RATE}))`,
          ),
          legend: `${eachRun} {{phase}}`,
        },
      ).min(0),
    )
    .withPanel(
      graph(
        {
          title: 'Time that workers receive and send',
          description:
            'Mean seconds of a contribution’s phases `receive` and `send`, by worker. One that stands out has a slow link.',
          unit: 's',
        },
        {
          expr:
            `sum by (coordinator, worker, phase) (rate(rocinante_worker_step_phase_duration_seconds_sum{${ofWorker}, phase=~"receive|send"}${RATE})) / ` +
            `sum by (coordinator, worker, phase) (rate(rocinante_worker_step_phase_duration_seconds_count{${ofWorker}, phase=~"receive|send"}${RATE}))`,
          legend: `${eachWorker} {{phase}}`,
        },
      ),
    )
    .withPanel(
      graph(
        {
          title: 'Refused connections',
          description:
            'Connections and sessions that were refused or dropped in an hour, by the code of the reason. The coordinator’s log names who.',
          unit: 'none',
        },
        {
          expr: `sum by (why) (increase(rocinante_coordinator_refused_connections_total{${ofCoordinator}}[1h]))`,
          legend: '{{why}}',
        },
      ).decimals(0),
    )
    .withRow(new RowBuilder('Work given twice'))
    .withPanel(
      graph(
        {
          title: 'Micro-batches given again',
          description:
            'In ten minutes. Repeated: given once more within a step, since a worker was lost or late. Late: given to others too, since a worker was late.',
          unit: 'none',
        },
        {
          expr: named(`increase(rocinante_coordinator_repeated_micro_batches_total{${ofRun}}[10m])`),
          legend: `${eachRun} repeated`,
        },
        {
          expr: named(`increase(rocinante_coordinator_late_micro_batches_total{${ofRun}}[10m])`),
          legend: `${eachRun} late`,
        },
      ),
    )
    .withPanel(
      graph(
        {
          title: 'Steps issued again',
          description:
            'In ten minutes: a gradient outgrew the grid, and workers rounded and sent anew. They compute nothing twice. Usual in a run’s first steps, rare later.',
          unit: 'none',
        },
        {
          expr: named(`increase(rocinante_coordinator_reissued_steps_total{${ofRun}}[10m])`),
          legend: eachRun,
        },
      ),
    )
    .withPanel(
      graph(
        {
          title: 'Second words, and what was ignored',
          description:
            'In ten minutes: reports that were questioned, by cause and verdict, and messages that counted for nothing, by what they were.',
          unit: 'none',
        },
        {
          expr: `sum by (cause, verdict) (increase(rocinante_coordinator_second_words_total{${ofRun}}[10m]))`,
          legend: '{{cause}}: {{verdict}}',
        },
        {
          expr: `sum by (what) (increase(rocinante_coordinator_ignored_messages_total{${ofCoordinator}}[10m]))`,
          legend: 'ignored {{what}}',
        },
      ),
    );
  return dashboard;
}
