import { thin } from './curve.js';
import type { EvaluationJson, PresentJson, RatePoint, ShownJson } from '@rocinante/run-json';
import type { Entry, Opening, Started, Told } from './shapes.js';

/** Events that are kept: the last ones of what is usual, and as many of what is not. */
const TOLD_MAX = 300;

/** Points of the training loss that are kept; beyond, two and two become one. */
const POINTS_MAX = 4_096;

/** What the page knows of the run that it shows: told by the stream, without a clock or an element. */
export class RunModel {
  #shown: ShownJson;
  #started: Started | null;
  #points: RatePoint[];
  #evaluations: EvaluationJson[];
  #told: Told[];
  #sample: string | null;

  constructor({ shown, started, curve, told, sample }: Opening) {
    this.#shown = shown;
    this.#started = started;
    this.#points = [...curve];
    this.#evaluations = [...shown.history];
    this.#told = [...told];
    this.#sample = sample;
  }

  get shown(): ShownJson {
    return this.#shown;
  }

  /** What the run is; null before it was active. */
  get started(): Started | null {
    return this.#started;
  }

  get points(): readonly RatePoint[] {
    return this.#points;
  }

  get evaluations(): readonly EvaluationJson[] {
    return this.#evaluations;
  }

  /** Of the last evaluation, in nats: it may be ahead of the last picture of the present, as steps are. Null before the first. */
  get validationLoss(): number | null {
    return this.#evaluations.at(-1)?.validationLoss ?? this.#shown.validationLoss;
  }

  /** In the order in which they happened. */
  get told(): readonly Told[] {
    return this.#told;
  }

  /** The last sample of text; null before there is one. */
  get sample(): string | null {
    return this.#sample;
  }

  /** Steps closed: what the curve has may be ahead of the last picture of the present. */
  get step(): number {
    return Math.max(this.#shown.step, this.#points.at(-1)?.step ?? 0);
  }

  present(present: PresentJson): void {
    // A coordinator that began anew has the run as its checkpoint has it, and tells `started` when workers are there.
    if (present.state === 'waiting' && present.step < this.step) this.#forgetAfter(present.step);
    this.#shown = { ...this.#shown, ...present };
  }

  tell(told: Told): void {
    const { entry, text } = told;
    this.#enter(entry);
    if (text === null) return;
    this.#told.push(told);
    const alike = this.#told.filter(({ usual }) => usual === told.usual);
    if (alike.length > TOLD_MAX) this.#told = this.#told.filter((other) => other !== alike[0]);
  }

  #enter(entry: Entry): void {
    switch (entry.event) {
      case 'started':
        this.#started = entry;
        return this.#goOnFrom(entry.atStep);
      case 'went-back':
        return this.#goOnFrom(entry.atStep);
      case 'step': {
        const { step, loss, windows, seconds, gradientNorm, learningRate } = entry;
        if (step <= (this.#points.at(-1)?.step ?? 0)) this.#forgetAfter(step - 1);
        const windowsPerSecond = seconds > 0 ? windows / seconds : null;
        const losses = { loss, leastLoss: loss, greatestLoss: loss };
        this.#points.push({ step, ...losses, windowsPerSecond, gradientNorm, learningRate });
        if (this.#points.length > POINTS_MAX) this.#points = thin(this.#points, POINTS_MAX / 2);
        return;
      }
      case 'evaluation': {
        const { atStep: step, epoch, loss, validationLoss, best } = entry;
        const others = this.#evaluations.filter((other) => other.step !== step);
        this.#evaluations = [...others, { step, epoch, loss, validationLoss, best }];
        return;
      }
      case 'sample':
        this.#sample = entry.text;
        return;
      case 'other':
        return;
    }
  }

  /** The log has lost what it told of later steps, and so does the page: it comes again. */
  #goOnFrom(step: number): void {
    this.#told = this.#told.filter(({ entry, repeats }) => !repeats || stepOf(entry) <= step);
    this.#forgetAfter(step);
  }

  /** The run goes on from here, or will: later steps are taken again. */
  #forgetAfter(step: number): void {
    this.#points = this.#points.filter((point) => point.step <= step);
    this.#evaluations = this.#evaluations.filter((evaluation) => evaluation.step <= step);
    if (this.#shown.step > step) this.#shown = { ...this.#shown, step };
  }
}

function stepOf(entry: Entry): number {
  return entry.event === 'step' ? entry.step : entry.atStep;
}
