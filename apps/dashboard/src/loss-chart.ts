import { chosen, thin } from './curve.js';
import { byId, element, setText } from './elements.js';
import { grouped, lossShown } from './figures.js';
import type { RunModel } from './run-model.js';
import { StepChart } from './step-chart.js';
import type { EvaluationJson } from '@rocinante/run-json';

const POINTS_SHOWN = 320;
const TABLE_ROWS = 24;

/** The run's losses: training and held out, as curves and as a table. */
export class LossChart {
  readonly #chart: StepChart;
  readonly #legend = byId('loss-legend');
  readonly #table = byId('loss-table');
  readonly #train = element('span', { class: 'value' });
  readonly #heldOut = element('span', { class: 'value' });
  readonly #at = element('span', { class: 'at' });
  #data: [number[], ...(number | null)[][]] = [[], [], [], [], []];
  #index: number | null = null;

  constructor() {
    this.#chart = new StepChart(
      byId('loss-chart'),
      260,
      [
        { color: '--train', label: 'training', width: 2 },
        { color: '--held-out', label: 'held out', width: 2, points: true },
        { color: '--train-band', label: 'greatest', width: 0, edge: true },
        { color: '--train-band', label: 'least', width: 0, edge: true },
      ],
      (index) => {
        this.#index = index;
        this.#read();
      },
    );
    this.#legend.append(
      this.#at,
      element('span', { class: 'key train' }, 'training ', this.#train),
      element('span', { class: 'key held-out' }, 'held out ', this.#heldOut),
    );
  }

  show(model: RunModel): void {
    const points = thin(model.points, POINTS_SHOWN);
    const heldOut = new Map(model.evaluations.map(({ step, validationLoss }) => [step, validationLoss]));
    const train = new Map(points.map((point) => [point.step, point]));
    const steps = [...new Set([...train.keys(), ...heldOut.keys()])].sort((a, b) => a - b);
    this.#data = [
      steps,
      steps.map((step) => train.get(step)?.loss ?? null),
      steps.map((step) => heldOut.get(step) ?? null),
      steps.map((step) => train.get(step)?.greatestLoss ?? null),
      steps.map((step) => train.get(step)?.leastLoss ?? null),
    ];
    byId('loss-none').hidden = steps.length > 0;
    byId('loss-chart').hidden = steps.length === 0;
    this.#chart.show(this.#data);
    this.#read();
    const description = described(points, model.evaluations);
    byId('loss-chart').setAttribute('aria-label', description);
    this.#showTable(points, model.evaluations);
  }

  /** The values under the cursor; without one, the last ones. */
  #read(): void {
    const [steps, train, heldOut] = this.#data;
    const index = this.#index ?? steps.length - 1;
    const upTo = (values: readonly (number | null)[]): number | null =>
      values.slice(0, index + 1).findLast((value) => value !== null) ?? null;
    setText(this.#at, steps.length === 0 ? '' : `step ${grouped(steps[index] ?? 0)}`);
    setText(this.#train, lossShown(upTo(train)));
    setText(this.#heldOut, lossShown(upTo(heldOut)));
  }

  #showTable(
    points: readonly { step: number; loss: number }[],
    evaluations: readonly EvaluationJson[],
  ): void {
    const fold = this.#table.closest('details');
    if (fold && !fold.open && this.#table.childElementCount > 0) return;
    const rows = new Map<number, { train?: number; heldOut?: number | null; best?: boolean }>();
    for (const { step, loss } of chosen(points, TABLE_ROWS)) rows.set(step, { train: loss });
    for (const { step, validationLoss, best } of chosen(evaluations, TABLE_ROWS)) {
      rows.set(step, { ...rows.get(step), heldOut: validationLoss, best });
    }
    const cells = [...rows]
      .sort(([a], [b]) => a - b)
      .map(([step, { train, heldOut, best }]) =>
        element(
          'tr',
          {},
          element('th', { scope: 'row' }, grouped(step)),
          element('td', {}, lossShown(train ?? null)),
          element('td', {}, `${lossShown(heldOut ?? null)}${best ? ', best so far' : ''}`),
        ),
      );
    const heads = ['Step', 'Training loss, nats', 'Held-out loss, nats'].map((head) =>
      element('th', { scope: 'col' }, head),
    );
    this.#table.replaceChildren(
      element('table', {}, element('thead', {}, element('tr', {}, ...heads)), element('tbody', {}, ...cells)),
    );
  }
}

/** The curves in a sentence, for whoever does not see them. */
function described(
  points: readonly { step: number; loss: number }[],
  evaluations: readonly EvaluationJson[],
): string {
  const [first, last] = [points.at(0), points.at(-1)];
  if (!first || !last) return 'Loss by step: no step yet';
  const evaluation = evaluations.findLast(({ validationLoss }) => validationLoss !== null);
  const heldOut = evaluation
    ? `; held out ${lossShown(evaluation.validationLoss)} at step ${grouped(evaluation.step)}`
    : '';
  return `Loss by step, in nats: training ${lossShown(last.loss)} at step ${grouped(last.step)}, from ${lossShown(first.loss)} at step ${grouped(first.step)}${heldOut}`;
}
