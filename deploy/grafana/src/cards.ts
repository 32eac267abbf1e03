import { RowBuilder, type DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { coordinatorVariable, frame, type LabelVariable } from './frame.js';
import { graph, stat } from './panels.js';

const host: LabelVariable = {
  name: 'host',
  title: 'Host',
  description: 'Machines whose cards DCGM’s exporter sees.',
  series: 'DCGM_FI_DEV_GPU_UTIL',
  label: 'Hostname',
};

const ofHost = 'Hostname=~"$host"';
const each = '{{Hostname}} {{gpu}}';

/**
 * Cards, as DCGM's exporter sees them with its default counters: all of a machine's, and more of each than a worker tells of
 * its own, which is on the dashboard of workers. Without that exporter this one is empty.
 */
export function cards(): DashboardBuilder {
  const dashboard = frame(
    {
      uid: 'rocinante-cards',
      title: 'Cards',
      description: 'GPUs as NVIDIA’s dcgm-exporter sees them. Empty where it does not run.',
    },
    [coordinatorVariable, host],
  );
  dashboard
    .withPanel(
      stat(
        { title: 'Cards', description: 'Cards that are seen.', unit: 'none', span: 8 },
        { expr: `count(DCGM_FI_DEV_GPU_UTIL{${ofHost}})`, legend: 'cards' },
      ),
    )
    .withPanel(
      stat(
        {
          title: 'Cards with an Xid error',
          description: 'Cards whose driver has reported an Xid error since it was loaded.',
          unit: 'none',
          span: 8,
        },
        { expr: `count(DCGM_FI_DEV_XID_ERRORS{${ofHost}} > 0) or vector(0)`, legend: 'with an Xid error' },
      ),
    )
    .withPanel(
      stat(
        {
          title: 'Remapping failed',
          description: 'Cards whose memory has no spare rows left for damaged ones: replace them.',
          unit: 'none',
          span: 8,
        },
        { expr: `count(DCGM_FI_DEV_ROW_REMAP_FAILURE{${ofHost}} > 0) or vector(0)`, legend: 'failed' },
      ),
    )
    .withRow(new RowBuilder('Use'))
    .withPanel(
      graph(
        {
          title: 'Utilization',
          description:
            'Part of the time in which a kernel ran. Low while a run is bound by compute: micro-batches are too small.',
          unit: 'percent',
        },
        { expr: `DCGM_FI_DEV_GPU_UTIL{${ofHost}}`, legend: each },
      ),
    )
    .withPanel(
      graph(
        { title: 'Memory', description: 'Memory in use, of all programs.', unit: 'mbytes' },
        { expr: `DCGM_FI_DEV_FB_USED{${ofHost}}`, legend: each },
      ),
    )
    .withPanel(
      graph(
        {
          title: 'Clock',
          description:
            'Clock of the multiprocessors. A drop under load: the card is hot, or at its power limit.',
          unit: 'megahertz',
        },
        { expr: `DCGM_FI_DEV_SM_CLOCK{${ofHost}}`, legend: each },
      ),
    )
    .withRow(new RowBuilder('Health'))
    .withPanel(
      graph(
        {
          title: 'Temperature',
          description: 'Of the card. Cards slow down at about 85 °C; the data sheet says where.',
          unit: 'celsius',
        },
        { expr: `DCGM_FI_DEV_GPU_TEMP{${ofHost}}`, legend: each },
      ),
    )
    .withPanel(
      graph(
        { title: 'Power', description: 'Power that the card draws.', unit: 'watt' },
        { expr: `DCGM_FI_DEV_POWER_USAGE{${ofHost}}`, legend: each },
      ),
    )
    .withPanel(
      graph(
        {
          title: 'Rows remapped',
          description:
            'Rows of memory that were replaced for errors that could not be corrected. One that grows: replace the card.',
          unit: 'none',
        },
        { expr: `DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS{${ofHost}}`, legend: each },
      ),
    );
  return dashboard;
}
