import cliProgress from 'cli-progress';
import {
  stepsPerEpoch,
  type HistoryEntry,
  type RunEffect,
  type RunShape,
  type RunView,
} from '@rocinante/training';
import type { Session } from '../service/session.js';
import type { CheckpointSaved, RunObserver } from './run-observer.js';
import type { Throughput } from './throughput.js';

/** Without a terminal, a line at most so often. */
const LINE_INTERVAL_MS = 10_000;

/** What a person sees of a run, on standard error: a bar in a terminal, a line now and then elsewhere. */
export class ProgressDisplay implements RunObserver {
  readonly #shape: RunShape;
  readonly #throughput: Throughput;
  readonly #bar: cliProgress.SingleBar | null;
  readonly #epochs: number;
  #nextLineAt = 0;

  constructor(shape: RunShape, step: number, throughput: Throughput, terminal: boolean) {
    this.#shape = shape;
    this.#throughput = throughput;
    this.#epochs = Math.ceil(shape.stepsTotal / stepsPerEpoch(shape));
    this.#bar = terminal
      ? new cliProgress.SingleBar(
          {
            stream: process.stderr,
            format:
              '{bar} step {value}/{total} | epoch {epoch} | loss {loss} | {rate} windows/s | {left} left',
            barsize: 20,
            hideCursor: true,
            forceRedraw: true,
            gracefulExit: false,
          },
          cliProgress.Presets.rect,
        )
      : null;
    // However the process ends, the terminal gets its cursor back.
    process.once('exit', () => this.#bar?.stop());
    this.#bar?.start(shape.stepsTotal, step, { epoch: '-', loss: '-', rate: '-', left: '-' });
  }

  workerJoined({ name }: Session): void {
    this.line(`${name} joined`);
  }

  workerLeft({ name }: Session, reason: string): void {
    this.line(`${name} left: ${reason}`);
  }

  stepClosed({ step, epoch, loss }: Extract<RunEffect, { type: 'close-step' }>, _view: RunView): void {
    const rate = this.#throughput.windowsPerSecond;
    const fields = {
      epoch: `${epoch + 1}/${this.#epochs}`,
      loss: loss.toFixed(4),
      rate: rate === null ? '-' : rate.toFixed(1),
      left: rate === null ? '-' : duration(this.#windowsLeft(step + 1) / rate),
    };
    if (this.#bar) {
      this.#bar.update(step + 1, fields);
    } else if (performance.now() >= this.#nextLineAt || step + 1 === this.#shape.stepsTotal) {
      this.#nextLineAt = performance.now() + LINE_INTERVAL_MS;
      const { epoch, loss, rate, left } = fields;
      this.line(
        `step ${step + 1}/${this.#shape.stepsTotal}, epoch ${epoch}, loss ${loss}, ${rate} windows/s, ${left} left`,
      );
    }
  }

  recorded({ epoch, step, loss, validationLoss }: HistoryEntry, best: boolean): void {
    const heldOut = validationLoss === null ? '' : `, held-out loss ${validationLoss.toFixed(4)}`;
    this.line(
      `epoch ${epoch} (step ${step}): loss ${loss.toFixed(4)}${heldOut}${best ? ', the best so far' : ''}`,
    );
  }

  checkpointSaved({ name, bytes, reason }: CheckpointSaved): void {
    if (reason === 'stop') this.line(`checkpoint ${name} saved (${(bytes / 1e6).toFixed(1)} MB)`);
  }

  noticed(message: string): void {
    this.line(message);
  }

  finished(): void {
    this.#bar?.stop();
  }

  /** A line above the bar. */
  line(text: string): void {
    if (this.#bar?.isActive) process.stderr.write('\r\u001b[K');
    process.stderr.write(`${text}\n`);
  }

  #windowsLeft(step: number): number {
    const { stepsTotal, windowsPerEpoch } = this.#shape;
    const windowsPerStep = windowsPerEpoch / stepsPerEpoch(this.#shape);
    return (stepsTotal - step) * windowsPerStep;
  }
}

/** Seconds as `1 h 02 min`, `3 min 05 s` or `12 s`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole >= 3600) return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
  if (whole >= 60) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${whole} s`;
}
