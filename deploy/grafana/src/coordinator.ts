import { RowBuilder, type DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { coordinatorVariable, frame, poolVariable, runVariable } from './frame.js';
import { graph, lanes, stack, stat, table } from './panels.js';
import { eachRun, meanOf, named, ofCoordinator, ofRun, quantileOf } from './queries.js';

const phases = 'rocinante_coordinator_step_phase_duration_seconds';
const checkpoint = 'rocinante_coordinator_checkpoint_duration_seconds';

/** How the coordinator itself is: its arithmetic, its thread, its memory, its disk, its checkpoints. */
export function coordinator(): DashboardBuilder {
  const dashboard = frame(
    {
      uid: 'rocinante-coordinator',
      title: 'Coordinator',
      description:
        'How the coordinator itself is: its arithmetic, its thread, its memory, its disk and its checkpoints.',
    },
    [coordinatorVariable, poolVariable, runVariable],
  );
  dashboard
    .withPanel(
      stat(
        { title: 'Up since', description: 'Time since the process started.', unit: 's' },
        {
          expr: `time() - rocinante_coordinator_process_start_time_seconds{${ofCoordinator}}`,
          legend: '{{instance}}',
        },
      ),
    )
    .withPanel(
      stat(
        { title: 'Memory', description: 'Memory that the process holds.', unit: 'bytes' },
        { expr: `rocinante_coordinator_resident_memory_bytes{${ofCoordinator}}`, legend: '{{instance}}' },
      ),
    )
    .withPanel(
      stat(
        {
          title: 'Room on the disk',
          description: 'Room for the coordinator on the disk of the runs. Runs are held before it is full.',
          unit: 'bytes',
        },
        { expr: `rocinante_coordinator_disk_free_bytes{${ofCoordinator}}`, legend: '{{instance}}' },
      ),
    )
    .withPanel(
      stat(
        {
          title: 'Lag',
          description: 'How late timers of the network’s thread fired at worst since the scrape before.',
          unit: 's',
        },
        {
          expr: `rocinante_coordinator_event_loop_lag_seconds{${ofCoordinator}, statistic="max"}`,
          legend: '{{instance}}',
        },
      ),
    )
    .withPanel(
      stat(
        {
          title: 'Age of the checkpoint',
          description: 'Time since the newest checkpoint: the work that a crash would cost now.',
          unit: 's',
        },
        { expr: named(`rocinante_coordinator_checkpoint_age_seconds{${ofRun}}`), legend: eachRun },
      ),
    )
    .withPanel(
      stat(
        { title: 'Runs', description: 'Runs that the coordinator holds, by state.', unit: 'none' },
        { expr: `sum by (state) (rocinante_coordinator_runs{${ofCoordinator}}) > 0`, legend: '{{state}}' },
      ),
    )
    .withRow(new RowBuilder('Arithmetic'))
    .withPanel(
      stack(
        {
          title: 'Its part of a step',
          description:
            'Mean seconds of a step in which work is handed out, contributions are added, and Adam makes the next parameters, over the chosen runs.',
          unit: 's',
        },
        { expr: meanOf(phases, `${ofRun}, phase=~"assign|sum|apply"`, 'phase'), legend: '{{phase}}' },
      ),
    )
    .withPanel(
      graph(
        {
          title: 'Sum',
          description:
            'Seconds of a step in which contributions are added while nothing else is: median, and what one in twenty is longer than.',
          unit: 's',
        },
        {
          expr: named(quantileOf(0.5, phases, `${ofRun}, phase="sum"`, 'instance, run')),
          legend: `${eachRun} median`,
        },
        {
          expr: named(quantileOf(0.95, phases, `${ofRun}, phase="sum"`, 'instance, run')),
          legend: `${eachRun} 95 %`,
        },
      ),
    )
    .withPanel(
      graph(
        {
          title: 'Adam',
          description:
            'Seconds of a step in which the next parameters are made: median, and what one in twenty is longer than.',
          unit: 's',
        },
        {
          expr: named(quantileOf(0.5, phases, `${ofRun}, phase="apply"`, 'instance, run')),
          legend: `${eachRun} median`,
        },
        {
          expr: named(quantileOf(0.95, phases, `${ofRun}, phase="apply"`, 'instance, run')),
          legend: `${eachRun} 95 %`,
        },
      ),
    )
    .withRow(new RowBuilder('The process'))
    .withPanel(
      graph(
        {
          title: 'Lag of the network’s thread',
          description:
            'How late timers fired since the scrape before. Above 0.1 s the coordinator holds up its workers.',
          unit: 's',
        },
        {
          expr: `rocinante_coordinator_event_loop_lag_seconds{${ofCoordinator}}`,
          legend: '{{instance}} {{statistic}}',
        },
      ),
    )
    .withPanel(
      graph(
        {
          title: 'Memory',
          description:
            'Memory that the process holds. It grows with the parameters of active runs and a little with each worker, and stays level during a run.',
          unit: 'bytes',
        },
        { expr: `rocinante_coordinator_resident_memory_bytes{${ofCoordinator}}`, legend: '{{instance}}' },
      ).min(0),
    )
    .withPanel(
      graph(
        {
          title: 'Room on the disk',
          description: 'Room for the coordinator on the disk of the runs.',
          unit: 'bytes',
        },
        { expr: `rocinante_coordinator_disk_free_bytes{${ofCoordinator}}`, legend: '{{instance}}' },
      ).min(0),
    )
    .withPanel(
      lanes(
        {
          title: 'States of runs',
          description:
            'The state of each run that waits, is active or has just ended. Held: the disk is nearly full.',
          unit: 'none',
          span: 12,
        },
        { expr: named(`rocinante_coordinator_run_state{${ofRun}}`), legend: `${eachRun}: {{state}}` },
      ),
    )
    .withPanel(
      graph(
        {
          title: 'Workers',
          description: 'Workers that have a session, by pool; and sessions that were lost in an hour.',
          unit: 'none',
          span: 12,
        },
        { expr: `rocinante_coordinator_live_workers{${ofCoordinator}, pool=~"$pool"}`, legend: '{{pool}}' },
        {
          expr: `increase(rocinante_coordinator_lost_workers_total{${ofCoordinator}}[1h])`,
          legend: 'lost {{instance}}',
        },
      ).decimals(0),
    )
    .withRow(new RowBuilder('Checkpoints'))
    .withPanel(
      graph(
        {
          title: 'Age and interval',
          description:
            'Time since the newest checkpoint, and the time that is to lie between two by the clock. The alert RocinanteCheckpointOld fires at three intervals.',
          unit: 's',
        },
        { expr: named(`rocinante_coordinator_checkpoint_age_seconds{${ofRun}}`), legend: `${eachRun} age` },
        {
          expr: named(`rocinante_coordinator_checkpoint_interval_seconds{${ofRun}}`),
          legend: `${eachRun} interval`,
        },
      ),
    )
    .withPanel(
      graph(
        {
          title: 'Duration',
          description: 'Mean seconds from a checkpoint’s copy to its file on the disk, over half an hour.',
          unit: 's',
        },
        {
          expr: named(
            `rate(${checkpoint}_sum{${ofRun}}[30m]) / (rate(${checkpoint}_count{${ofRun}}[30m]) > 0)`,
          ),
          legend: eachRun,
        },
      ),
    )
    .withPanel(
      graph(
        {
          title: 'Written and failed',
          description:
            'Checkpoints of half an hour that are whole and on the disk, by why they were saved; and those that could not be written.',
          unit: 'none',
        },
        {
          expr: `sum by (reason) (increase(rocinante_coordinator_checkpoints_total{${ofRun}}[30m]))`,
          legend: '{{reason}}',
        },
        {
          expr: `sum(increase(rocinante_coordinator_checkpoint_failures_total{${ofRun}}[30m]))`,
          legend: 'failed',
        },
      ),
    )
    .withPanel(
      graph(
        {
          title: 'Object store',
          description:
            'For runs that have one: 1 while it takes nothing, files that went into it in half an hour, and tries that failed. The alert RocinanteStoreLost looks at the first.',
          unit: 'none',
          span: 12,
        },
        { expr: named(`rocinante_coordinator_store_lost{${ofRun}}`), legend: `${eachRun} lost` },
        {
          expr: named(`increase(rocinante_coordinator_stored_files_total{${ofRun}}[30m])`),
          legend: `${eachRun} files`,
        },
        {
          expr: named(`increase(rocinante_coordinator_store_failures_total{${ofRun}}[30m])`),
          legend: `${eachRun} failed tries`,
        },
      ).decimals(0),
    )
    .withPanel(
      graph(
        {
          title: 'Bytes into the object store',
          description: 'Bytes of checkpoints and final weights a second, over half an hour.',
          unit: 'binBps',
          span: 12,
        },
        { expr: named(`rate(rocinante_coordinator_stored_bytes_total{${ofRun}}[30m])`), legend: eachRun },
      ).min(0),
    )
    .withPanel(
      table(
        {
          title: 'Coordinators',
          description: 'Release and, where it serves TLS, time until its certificate ends.',
          unit: 'short',
        },
        { instance: 'Coordinator', version: 'Release' },
        [
          {
            name: 'build',
            expr: `group by (instance, version) (rocinante_coordinator_build_info{${ofCoordinator}})`,
            unit: 'short',
            labelsOnly: true,
          },
          {
            name: 'Parameters',
            expr: `sum by (instance) (rocinante_coordinator_parameters_size_bytes{${ofRun}})`,
            unit: 'bytes',
          },
          {
            name: 'Certificate ends in',
            expr: `min by (instance) (rocinante_coordinator_certificate_expiry_timestamp_seconds{${ofCoordinator}}) - time()`,
            unit: 's',
          },
        ],
      ),
    );
  return dashboard;
}
