import uPlot from 'uplot';
import { grouped } from './figures.js';

/** Between the lines of an axis: there is no half of a step. */
const WHOLE_STEPS = Array.from({ length: 10 }, (_, power) =>
  [1, 2, 5].map((part) => part * 10 ** power),
).flat();
const FONT = '12px ui-sans-serif, system-ui, sans-serif';

/** A series of a chart: how it is drawn, and what a value of it is called. */
export interface SeriesLook {
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
export class StepChart {
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
