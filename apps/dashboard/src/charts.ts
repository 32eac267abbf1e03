import uPlot from 'uplot';
import { chosen, thin } from './curve.js';
import { byId, element, setText } from './elements.js';
import { grouped, lossShown } from './figures.js';
import type { RunModel } from './run-model.js';
import type { EvaluationJson } from '@rocinante/run-json';

const POINTS_SHOWN = 320;
/** Single steps' rates say little: means over more of them are calmer. */
const RATE_POINTS_SHOWN = 48;
const TABLE_ROWS = 24;
/** Between the lines of an axis: there is no half of a step. */
const WHOLE_STEPS = Array.from({ length: 10 }, (_, power) =>
  [1, 2, 5].map((part) => part * 10 ** power),
).flat();
const FONT = '12px ui-sans-serif, system-ui, sans-serif';

/** A series of a chart: how it is drawn, and what a value of it is called. */
interface SeriesLook {
  /** The custom property of the style sheet that has its colour. */
  readonly color: string;
  readonly label: string;
  readonly width: number;
  readonly points?: boolean;
  /** Whether it is not drawn itself: an edge of the band between it and the next. */
  readonly edge?: boolean;
  /** Whether nothing is the axis's end: for what is compared with nothing. */
  readonly fromZero?: boolean;
}

/** A chart over the run's steps. It is redrawn where its width, or the reader's colours, change. */
class StepChart {
  readonly #target: HTMLElement;
  readonly #height: number;
  readonly #looks: readonly SeriesLook[];
  readonly #onCursor: (index: number | null) => void;
  #plot: uPlot | null = null;
  #data: uPlot.AlignedData = [[]];

  constructor(
    target: HTMLElement,
    height: number,
    looks: readonly SeriesLook[],
    onCursor: (index: number | null) => void,
  ) {
    this.#target = target;
    this.#height = height;
    this.#looks = looks;
    this.#onCursor = onCursor;
    new ResizeObserver(() => this.#resize()).observe(target);
    window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw());
  }

  show(data: uPlot.AlignedData): void {
    this.#data = data;
    if (this.#plot) this.#plot.setData(data);
    else this.#draw();
  }

  #resize(): void {
    const width = this.#target.clientWidth;
    if (this.#plot && width > 0 && width !== this.#plot.width) {
      this.#plot.setSize({ width, height: this.#height });
    }
  }

  #draw(): void {
    const width = this.#target.clientWidth;
    if (width === 0) return;
    this.#plot?.destroy();
    const style = getComputedStyle(document.documentElement);
    const color = (name: string): string => style.getPropertyValue(name).trim();
    const axis: uPlot.Axis = {
      stroke: color('--soft'),
      font: FONT,
      grid: { stroke: color('--line'), width: 1 },
      ticks: { show: false },
    };
    this.#plot = new uPlot(
      {
        width,
        height: this.#height,
        legend: { show: false },
        padding: [10, 14, 0, 0],
        cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
        scales: {
          x: { time: false },
          ...(this.#looks[0].fromZero && { y: { range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1] } }),
        },
        axes: [
          {
            ...axis,
            size: 28,
            gap: 6,
            incrs: WHOLE_STEPS,
            values: (_, values) => values.map((value) => grouped(value)),
          },
          { ...axis, size: 46, gap: 6 },
        ],
        series: [
          {},
          ...this.#looks.map(({ color: name, label, width, points, edge }) => ({
            label,
            ...(!edge && { stroke: color(name) }),
            width: edge ? 0 : width,
            spanGaps: true,
            points: points
              ? { show: true, size: 6, fill: color('--card'), stroke: color(name) }
              : { show: false },
          })),
        ],
        bands: this.#looks.flatMap(({ edge, color: name }, index) =>
          edge && this.#looks[index + 1]?.edge
            ? [{ series: [index + 1, index + 2] as [number, number], fill: color(name) }]
            : [],
        ),
        hooks: { setCursor: [({ cursor }) => this.#onCursor(cursor.idx ?? null)] },
      },
      this.#data,
      this.#target,
    );
  }
}

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

/** Windows a second, step by step. */
export class RateChart {
  readonly #chart: StepChart;
  readonly #value = element('span', { class: 'value' });
  readonly #at = element('span', { class: 'at' });
  #data: [number[], (number | null)[]] = [[], []];
  #index: number | null = null;

  constructor() {
    this.#chart = new StepChart(
      byId('rate-chart'),
      120,
      [{ color: '--rate', label: 'windows a second', width: 2, fromZero: true }],
      (index) => {
        this.#index = index;
        this.#read();
      },
    );
    byId('rate-legend').append(this.#at, element('span', {}, this.#value, ' windows/s'));
  }

  show({ points }: RunModel): void {
    const rated = thin(points, RATE_POINTS_SHOWN).filter(({ windowsPerSecond }) => windowsPerSecond !== null);
    this.#data = [rated.map(({ step }) => step), rated.map(({ windowsPerSecond }) => windowsPerSecond)];
    byId('rate-none').hidden = rated.length > 0;
    byId('rate-chart').hidden = rated.length === 0;
    this.#chart.show(this.#data);
    this.#read();
    const last = rated.at(-1)?.windowsPerSecond;
    byId('rate-chart').setAttribute(
      'aria-label',
      last ? `Windows a second by step: ${last.toFixed(1)} of late` : 'Windows a second: no step yet',
    );
  }

  #read(): void {
    const [steps, rates] = this.#data;
    const index = this.#index ?? steps.length - 1;
    setText(this.#at, steps.length === 0 ? '' : `step ${grouped(steps[index] ?? 0)}`);
    setText(this.#value, rates[index]?.toFixed(1) ?? '–');
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
