import { RowBuilder, type DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { coordinatorVariable, frame, poolVariable, workerVariable } from './frame.js';
import { bars, graph, stack, stat, table } from './panels.js';
import { eachRun, eachWorker as each, meanOf, ofCoordinator, ofWorker } from './queries.js';

const phase = 'rocinante_worker_step_phase_duration_seconds';

/** Seconds that a worker computes for a micro-batch. */
function secondsAMicroBatch(matchers: string): string {
  return (
    `(sum by (coordinator, worker, pool) (rate(${phase}_sum{${matchers}, phase="compute"}[5m])) / ` +
    `sum by (coordinator, worker, pool) (rate(rocinante_worker_micro_batches_total{${matchers}}[5m])))`
  );
}

/** The same, as a multiple of the median in the worker's pool, all of whose workers count. */
const slowness =
  `${secondsAMicroBatch(ofWorker)} / on (coordinator, pool) group_left () ` +
  `quantile by (coordinator, pool) (0.5, ${secondsAMicroBatch('pool=~"$pool"')})`;

const byWorker = (expr: string): string => `sum by (coordinator, worker, pool) (${expr})`;

/** What a worker tells of its card, by its short name. Workers that share a card say the same. */
const ofCard = (name: string, further = ''): string =>
  `max by (coordinator, worker, card) (rocinante_worker_card_${name}{${ofWorker}${further}})`;
const eachCard = `${each} {{card}}`;

/** What each worker does, how fast it is, and which one is slow. */
export function workers(): DashboardBuilder {
  const dashboard = frame(
    {
      uid: 'rocinante-workers',
      title: 'Workers',
      description: 'What each worker does, how fast it is, which one is slow, and what it computes on.',
    },
    [coordinatorVariable, poolVariable, workerVariable],
  );
  dashboard
    .withPanel(
      table(
        {
          title: 'Workers',
          description:
            'Workers that have a session. `Slowness`: time for a micro-batch as a multiple of the pool’s median. `Computes on`: the processor or card that decides the worker’s bits.',
          unit: 'short',
        },
        {
          worker: 'Worker',
          pool: 'Pool',
          coordinator: 'Coordinator',
          device: 'Computes on',
          model: 'Model',
          tensorflow: 'TensorFlow',
          version: 'Release',
        },
        [
          {
            name: 'engine',
            expr: `group by (coordinator, worker, pool, device, model, tensorflow) (rocinante_worker_engine_info{${ofWorker}})`,
            unit: 'short',
            labelsOnly: true,
          },
          {
            name: 'build',
            expr: `group by (coordinator, worker, pool, version) (rocinante_worker_build_info{${ofWorker}})`,
            unit: 'short',
            labelsOnly: true,
          },
          {
            name: 'Windows/s',
            expr: byWorker(`rate(rocinante_worker_windows_total{${ofWorker}}[$__rate_interval])`),
            unit: 'short',
          },
          { name: 'A micro-batch', expr: secondsAMicroBatch(ofWorker), unit: 's' },
          { name: 'Slowness', expr: slowness, unit: 'none' },
          {
            name: 'Memory',
            expr: byWorker(`rocinante_worker_resident_memory_bytes{${ofWorker}}`),
            unit: 'bytes',
          },
          { name: 'Sessions', expr: byWorker(`rocinante_worker_sessions_total{${ofWorker}}`), unit: 'none' },
        ],
      ),
    )
    .withPanel(
      stat(
        { title: 'Live', description: 'Workers that have a session, by pool.', unit: 'none' },
        {
          expr: `sum by (pool) (rocinante_coordinator_live_workers{${ofCoordinator}, pool=~"$pool"})`,
          legend: '{{pool}}',
        },
      ),
    )
    .withPanel(
      stat(
        {
          title: 'Lost in an hour',
          description:
            'Sessions that ended by no decision of the worker’s. One that comes back is counted too.',
          unit: 'none',
        },
        { expr: `increase(rocinante_coordinator_lost_workers_total{${ofCoordinator}}[1h])`, legend: 'lost' },
      ).decimals(0),
    )
    .withPanel(
      stat(
        {
          title: 'Parked',
          description:
            'Workers without work, since their gradient has other bits than the run’s. --exact off admits them.',
          unit: 'none',
        },
        { expr: `sum(rocinante_coordinator_parked_workers{${ofCoordinator}})`, legend: 'parked' },
      ),
    )
    .withPanel(
      stat(
        {
          title: 'Set aside',
          description: 'Workers without work, since they computed what is wrong too often.',
          unit: 'none',
        },
        { expr: `sum(rocinante_coordinator_set_aside_workers{${ofCoordinator}})`, legend: 'set aside' },
      ),
    )
    .withPanel(
      stat(
        {
          title: 'Computed wrong',
          description:
            'Strikes: times that a worker was found to have computed what is wrong. A card or memory that fails shows here.',
          unit: 'none',
          span: 8,
        },
        {
          expr: `sum by (instance, worker) (rocinante_coordinator_strikes_total{${ofCoordinator}, worker=~"$worker"})`,
          legend: '{{worker}} ({{instance}})',
        },
      ),
    )
    .withRow(new RowBuilder('Rate and share'))
    .withPanel(
      stack(
        {
          title: 'Windows a second',
          description: 'Windows whose gradient each worker computed, by the clock.',
          unit: 'short',
        },
        {
          expr: byWorker(`rate(rocinante_worker_windows_total{${ofWorker}}[$__rate_interval])`),
          legend: each,
        },
      ),
    )
    .withPanel(
      stack(
        {
          title: 'Share of a step',
          description:
            'Part of the last step’s micro-batches that each worker was given. Slower machines are given fewer.',
          unit: 'percentunit',
        },
        {
          expr:
            `rocinante_coordinator_worker_share_ratio{${ofCoordinator}, worker=~"$worker"} * on (instance, run) group_left (name) ` +
            `group by (instance, run, name) (rocinante_coordinator_run_info{${ofCoordinator}})`,
          legend: `${eachRun} {{worker}}`,
        },
      ),
    )
    .withPanel(
      bars(
        {
          title: 'Who is slow',
          description:
            'Time for a micro-batch over the last five minutes, as a multiple of the pool’s median. Unequal machines are no fault: the alert RocinanteWorkerSlow fires only where the others wait for one.',
          unit: 'none',
        },
        { yellow: 1.5, red: 3 },
        { expr: `sort_desc(${slowness})`, legend: each },
      ).decimals(2),
    )
    .withRow(new RowBuilder('Phases'))
    .withPanel(
      stack(
        {
          title: 'Phases of a contribution',
          description:
            'Mean seconds of each phase over the chosen workers: wait for work, receive parameters, compute, round and sum, send.',
          unit: 's',
        },
        { expr: meanOf(phase, ofWorker, 'phase'), legend: '{{phase}}' },
      ),
    )
    .withPanel(
      graph(
        {
          title: 'Time spent computing',
          description:
            'Part of the time in which each worker computes gradients. What is missing to 100 % is the network, or waiting.',
          unit: 'percentunit',
        },
        {
          expr: byWorker(`rate(${phase}_sum{${ofWorker}, phase="compute"}[$__rate_interval])`),
          legend: each,
        },
      ).min(0),
    )
    .withPanel(
      graph(
        {
          title: 'Time for a micro-batch',
          description:
            'Seconds that each worker computes for one, over five minutes. A rise of one worker alone: its machine is shared, hot or failing.',
          unit: 's',
        },
        { expr: secondsAMicroBatch(ofWorker), legend: each },
      ),
    )
    .withRow(new RowBuilder('Cards'))
    .withPanel(
      graph(
        {
          title: 'Utilization of cards',
          description:
            'Part of the time in which a kernel of any program ran on each worker’s card, by nvidia-smi. Low while a run is bound by compute: micro-batches are too small.',
          unit: 'percentunit',
        },
        { expr: ofCard('utilization_ratio'), legend: eachCard },
      )
        .min(0)
        .max(1),
    )
    .withPanel(
      graph(
        {
          title: 'Memory of cards',
          description:
            'Part of each card’s memory that is in use, of all programs. Near 100 % a larger micro-batch, or one worker more on the card, does not fit.',
          unit: 'percentunit',
        },
        {
          expr: `${ofCard('memory_used_bytes')} / ${ofCard('memory_total_bytes')}`,
          legend: eachCard,
        },
      )
        .min(0)
        .max(1),
    )
    .withPanel(
      graph(
        {
          title: 'Temperature of cards',
          description: 'Cards slow down at about 85 °C; the data sheet says where.',
          unit: 'celsius',
        },
        { expr: ofCard('temperature_celsius'), legend: eachCard },
      ),
    )
    .withPanel(
      graph(
        { title: 'Power of cards', description: 'Power that each worker’s card draws.', unit: 'watt' },
        { expr: ofCard('power_watts'), legend: eachCard },
      ),
    )
    .withPanel(
      graph(
        {
          title: 'Clocks held down',
          description:
            'Part of the last ten minutes in which a card’s clocks were held down, by reason: its power limit, heat, or the machine’s power.',
          unit: 'percentunit',
        },
        {
          expr: `max by (coordinator, worker, card, reason) (avg_over_time(rocinante_worker_card_throttled{${ofWorker}}[10m]))`,
          legend: `${eachCard} {{reason}}`,
        },
      )
        .min(0)
        .max(1),
    )
    .withPanel(
      graph(
        {
          title: 'Memory errors of cards',
          description:
            'Errors of the card’s memory that could not be corrected, since the driver was loaded. One that grows: reset the card, and replace it when it goes on.',
          unit: 'none',
        },
        { expr: ofCard('uncorrected_ecc_errors'), legend: eachCard },
      ),
    )
    .withPanel(
      graph(
        {
          title: 'Xid errors of cards',
          description:
            'Errors of each card that the driver reported within an hour. Empty where workers may not read the kernel’s log.',
          unit: 'none',
        },
        {
          expr: `max by (coordinator, worker, card) (increase(rocinante_worker_card_xid_errors_total{${ofWorker}}[1h]))`,
          legend: eachCard,
        },
      ).decimals(0),
    )
    .withRow(new RowBuilder('The process'))
    .withPanel(
      graph(
        {
          title: 'Memory',
          description: 'Memory that each worker’s process holds. It stays level between steps.',
          unit: 'bytes',
        },
        { expr: byWorker(`rocinante_worker_resident_memory_bytes{${ofWorker}}`), legend: each },
      ),
    )
    .withPanel(
      graph(
        {
          title: 'Handles of the engine',
          description:
            'Tensors and other handles that are live after a piece of work. A line that climbs is a leak.',
          unit: 'none',
        },
        { expr: byWorker(`rocinante_worker_engine_handles{${ofWorker}}`), legend: each },
      ),
    )
    .withPanel(
      graph(
        {
          title: 'Lag of the network’s thread',
          description:
            'How late timers fired at worst since the scrape before. Above a second the machine has no processor left.',
          unit: 's',
        },
        {
          expr: `max by (coordinator, worker) (rocinante_worker_event_loop_lag_seconds{${ofWorker}, statistic="max"})`,
          legend: each,
        },
      ),
    );
  return dashboard;
}
