import uPlot from 'uplot';
import { chosen, thin } from './curve.js';
import { byId, element, setText } from './elements.js';
import { grouped, lossShown } from './figures.js';
import type { RunModel } from './run-model.js';
import type { EvaluationJson, RatePoint } from '@rocinante/run-json';

const POINTS_SHOWN = 320;
/** Single steps' rates and norms say little: means over more of them are calmer. */
const SMALL_POINTS_SHOWN = 48;
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

/** What a small chart shows of the run's steps. */
export interface SmallLook {
  /** What the ids of its parts begin with. */
  readonly id: string;
  /** The custom property that has its colour. */
  readonly color: string;
  /** For whoever does not see it. */
  readonly label: string;
  readonly unit: string;
  readonly valueOf: (point: RatePoint) => number | null;
  readonly shown: (value: number) => string;
}

/** One value of a step, as a curve. */
export class SmallChart {
  readonly #look: SmallLook;
  readonly #chart: StepChart;
  readonly #value = element('span', { class: 'value' });
  readonly #at = element('span', { class: 'at' });
  #data: [number[], (number | null)[]] = [[], []];
  #index: number | null = null;

  constructor(look: SmallLook) {
    this.#look = look;
    const { id, color, label, unit } = look;
    this.#chart = new StepChart(
      byId(`${id}-chart`),
      120,
      [{ color, label, width: 2, fromZero: true }],
      (index) => {
        this.#index = index;
        this.#read();
      },
    );
    byId(`${id}-legend`).append(this.#at, element('span', {}, this.#value, unit));
  }

  show({ points }: RunModel): void {
    const { id, label, valueOf, shown } = this.#look;
    const told = thin(points, SMALL_POINTS_SHOWN).filter((point) => valueOf(point) !== null);
    this.#data = [told.map(({ step }) => step), told.map(valueOf)];
    byId(`${id}-none`).hidden = told.length > 0;
    byId(`${id}-chart`).hidden = told.length === 0;
    this.#chart.show(this.#data);
    this.#read();
    const last = this.#data[1].at(-1) ?? null;
    const text = last === null ? 'no step yet' : `${shown(last)} of late`;
    byId(`${id}-chart`).setAttribute('aria-label', `${label} by step: ${text}`);
  }

  #read(): void {
    const [steps, values] = this.#data;
    const index = this.#index ?? steps.length - 1;
    const value = values[index] ?? null;
    setText(this.#at, steps.length === 0 ? '' : `step ${grouped(steps[index] ?? 0)}`);
    setText(this.#value, value === null ? '–' : this.#look.shown(value));
  }
}

export const SMALL_CHARTS: readonly SmallLook[] = [
  {
    id: 'rate',
    color: '--rate',
    label: 'Windows a second',
    unit: ' windows/s',
    valueOf: ({ windowsPerSecond }) => windowsPerSecond,
    shown: (value) => value.toFixed(1),
  },
  {
    id: 'norm',
    color: '--norm',
    label: 'Gradient norm',
    unit: '',
    valueOf: ({ gradientNorm }) => gradientNorm,
    shown: (value) => value.toPrecision(3),
  },
  {
    id: 'learning',
    color: '--learning',
    label: 'Learning rate',
    unit: '',
    valueOf: ({ learningRate }) => learningRate,
    shown: (value) => String(Number(value.toPrecision(3))),
  },
];

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
