import type { Dashboard, Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import { cards } from './cards.js';
import { coordinator } from './coordinator.js';
import { runOverview } from './run-overview.js';
import { wire } from './wire.js';
import { workers } from './workers.js';

/** A dashboard as Grafana reads it. */
export interface DashboardFile {
  /** In `deploy/grafana/dashboards`. */
  readonly name: string;
  readonly dashboard: Dashboard;
  /** Its JSON, the same at every call. */
  readonly text: string;
}

/** Every dashboard, anew. */
export function dashboardFiles(): DashboardFile[] {
  const builders = {
    runs: runOverview(),
    workers: workers(),
    wire: wire(),
    coordinator: coordinator(),
    cards: cards(),
  };
  return Object.entries(builders).map(([name, builder]) => {
    const dashboard = builder.build();
    dashboard.panels?.forEach((panel, index) => (panel.id = index + 1));
    return { name: `${name}.json`, dashboard, text: `${JSON.stringify(dashboard, null, 2)}\n` };
  });
}

/** A dashboard's panels without its rows. */
export function panelsOf({ panels = [] }: Dashboard): Panel[] {
  return panels.filter((panel): panel is Panel => !isRow(panel));
}

function isRow(panel: Panel | RowPanel): panel is RowPanel {
  return panel.type === 'row';
}
