import { thin } from './curve.js';
import { byId, element, setText } from './elements.js';
import { grouped } from './figures.js';
import type { RunModel } from './run-model.js';
import { StepChart } from './step-chart.js';
import type { RatePoint } from '@rocinante/run-json';

/** Single steps' rates and norms say little: means over more of them are calmer. */
const POINTS_SHOWN = 48;

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
    const told = thin(points, POINTS_SHOWN).filter((point) => valueOf(point) !== null);
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
