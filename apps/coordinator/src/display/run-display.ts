import cliProgress from 'cli-progress';
import { assert } from '@rocinante/base';
import type { LogEntryOf, RunLogEntry } from '../run/log/log-entries.js';
import { barLine } from './bar-line.js';
import { SILENCE_MS } from './long-work.js';
import { printable } from './printable.js';
import { entryText, evaluationLine } from './entry-text.js';
import { counted, duration, grouped } from './quantities.js';
import { Pace } from './pace.js';
import {
  closingText,
  endingLines,
  epochText,
  openingLines,
  type EndCommands,
  type RunFigures,
} from './run-texts.js';

/** Without a terminal, a line about steps at most so often. */
const LINE_INTERVAL_MS = 10_000;

/** What is done after the last step, which takes a large network some seconds. */
const LAST_THINGS = 'evaluating, writing the weights, drawing a sample';

export interface RunDisplayOptions {
  /** Whether the stream is a terminal: then there is a bar, and else a line now and then. */
  readonly terminal: boolean;
  readonly stream: NodeJS.WritableStream;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

/** Null is what is not known. */
export interface KnownPace {
  readonly windowsPerSecond: number | null;
  readonly secondsLeft: number | null;
}

/** What a person sees of a run, from its event log's entries: the same for a run on this machine and for one afar. */
export class RunDisplay {
  readonly #stream: NodeJS.WritableStream;
  readonly #bar: cliProgress.SingleBar | null;
  readonly #pace = new Pace();
  #known: KnownPace = { windowsPerSecond: null, secondsLeft: null };
  readonly #now: () => number;
  readonly #restoreTerminal = (): void => this.#bar?.stop();
  #started: LogEntryOf<'started'> | null = null;
  #issuedAgain = 0;
  #notExactSince: number | null = null;
  #nextLineAt = -Infinity;
  /** What goes on, for whoever sees no bar, and since when; and when the last line was. */
  #doing = 'waiting for the run to begin';
  #doingSince: number;
  #lineAt: number;
  readonly #silence: NodeJS.Timeout | null;
  #summary: LogEntryOf<'summary'> | null = null;
  #sample: string | null = null;
  /** Why the run is done; null before. */
  #doneReason: string | null = null;

  constructor({ terminal, stream, now = () => performance.now() }: RunDisplayOptions) {
    this.#stream = stream;
    this.#now = now;
    this.#bar = terminal ? progressBar(stream) : null;
    this.#doingSince = this.#lineAt = now();
    this.#silence = terminal ? null : setInterval(() => this.quiet(), SILENCE_MS / 4).unref();
    // However the process ends, the terminal gets its cursor back.
    if (this.#bar) process.once('exit', this.#restoreTerminal);
  }

  /** The last `summary` entry; null before it. */
  get summary(): LogEntryOf<'summary'> | null {
    return this.#summary;
  }

  /** How fast the run goes, for as long as too few steps were heard of to tell: whoever comes in its middle asks for it. */
  knows(pace: KnownPace): void {
    this.#known = pace;
  }

  entry(entry: RunLogEntry): void {
    this.#pace.entry(entry);
    switch (entry.event) {
      case 'started':
        return this.#begin(entry);
      case 'worker-parked':
      case 'store-lost':
      case 'strike':
        return this.line(`warning: ${entryText(entry)}`);
      case 'not-exact':
        this.#notExactSince ??= entry.atStep;
        return this.line(`warning: ${entryText(entry)}`);
      case 'worker-joined':
        if (this.#started && this.#nextLineAt === -Infinity) this.stands('workers are getting ready');
        return this.line(`${entry.worker} ${entryText(entry)}`);
      case 'worker-left':
        return this.line(`${entry.worker} ${entryText(entry)}`);
      case 'step':
        return this.#step(entry);
      case 'evaluation':
        return this.line(evaluationLine(entry));
      case 'checkpoint':
        if (entry.reason !== 'stop') return;
        return this.line(entryText(entry));
      case 'went-back':
        this.#notExactSince = entry.notExactSince;
        return this.line(`warning: ${entryText(entry)}`);
      case 'checkpoint-passed-over':
        return this.line(`warning: ${entryText(entry)}`);
      case 'set-aside':
        return this.line(`warning: ${entry.worker} ${entryText(entry)}`);
      case 'second-word':
        if (entry.verdict === 'unsettled') this.line(`warning: ${entryText(entry)}`);
        return;
      case 'length-changed':
      case 'notice':
      case 'held':
      case 'released':
      case 'store-back':
        return this.line(entryText(entry));
      case 'sample':
        this.#sample = entry.text;
        return;
      case 'summary':
        this.#summary = entry;
        this.#bar?.update({ left: 'done' });
        return;
      case 'finished':
        this.#doneReason = entry.outcome === 'done' ? entry.reason : null;
        return this.#bar?.stop();
      // Steps that were issued again are counted from their own entries; the others are for the log's readers.
      case 'issued-again':
      case 'ignored':
      case 'joining-proof':
      case 'late':
      case 'listening':
      case 'stored':
        return;
    }
  }

  /** A line above the bar. */
  line(text: string): void {
    if (this.#bar?.isActive) this.#stream.write('\r\u001b[K');
    this.#lineAt = this.#now();
    this.#stream.write(`${printable(text)}\n`);
  }

  /** What goes on from now on, until a step is closed: in the bar, and in the lines that break a long silence. */
  stands(what: string): void {
    this.#doing = what;
    this.#doingSince = this.#now();
    if (this.#bar?.isActive) this.#bar.update({ left: what });
  }

  /** Without a terminal: says what goes on, where no line has come for long. It is called now and then. */
  quiet(): void {
    const now = this.#now();
    if (now - this.#lineAt < SILENCE_MS) return;
    this.line(`still ${this.#doing}, for ${duration((now - this.#doingSince) / 1000)}`);
  }

  /** Ends the bar, and gives the terminal back. */
  finished(): void {
    this.#bar?.stop();
    if (this.#silence) clearInterval(this.#silence);
    process.off('exit', this.#restoreTerminal);
  }

  /**
   * What to say at the end of a run that is done.
   * @param weights where its weights are, or how to get them.
   * @param commands what goes on with it, and what has its best weights.
   * @param figures what it came to; default: the `summary` entry, which must have come then.
   */
  closingText(weights: string, commands: EndCommands, figures: RunFigures | null = this.#summary): string {
    assert(figures !== null, 'a run that is done has its summary before its closing text');
    const further = [
      ...(this.#issuedAgain === 0 ? [] : [`${counted(this.#issuedAgain, 'step')} issued again`]),
      ...(this.#notExactSince === null ? [] : [`not exact since step ${this.#notExactSince}`]),
    ];
    const ending =
      this.#summary === null ? [] : endingLines(this.#summary, this.#started, this.#doneReason, commands);
    return closingText(figures, { further, ending, weights, sample: this.#sample });
  }

  #begin(started: LogEntryOf<'started'>): void {
    this.#bar?.stop();
    this.#started = started;
    this.#issuedAgain = 0;
    this.#notExactSince = started.notExactSince;
    this.#nextLineAt = -Infinity;
    this.#summary = this.#sample = this.#doneReason = null;
    for (const line of openingLines(started)) this.line(line);
    this.stands('waiting for the first step');
    const left = this.#doing;
    const none = { epoch: 'epoch -', loss: '-', rate: '-', left };
    this.#bar?.start(started.stepsTotal, started.atStep, none satisfies BarPayload);
  }

  #step(entry: LogEntryOf<'step'>): void {
    const { step, loss, issues } = entry;
    if (issues > 1) this.#issuedAgain += 1;
    const started = this.#started;
    if (started === null) return;
    const { stepsTotal } = started;
    const { secondsAStep } = this.#pace;
    const rate = this.#pace.windowsPerSecond ?? this.#known.windowsPerSecond;
    const secondsLeft = secondsAStep === null ? this.#known.secondsLeft : (stepsTotal - step) * secondsAStep;
    const fields = {
      epoch: epochText(entry, started),
      loss: loss.toFixed(4),
      rate: rate === null ? '-' : rate.toFixed(1),
      left: secondsLeft === null ? '-' : duration(secondsLeft),
    };
    if (this.#bar) {
      const left = step === stepsTotal ? LAST_THINGS : `${fields.left} left`;
      this.#bar.update(step, { ...fields, left });
      return;
    }
    this.stands(step === stepsTotal ? LAST_THINGS : `at step ${grouped(step + 1)}/${grouped(stepsTotal)}`);
    if (this.#now() >= this.#nextLineAt || step === stepsTotal) {
      this.#nextLineAt = this.#now() + LINE_INTERVAL_MS;
      this.line(
        `step ${grouped(step)}/${grouped(stepsTotal)}, ${fields.epoch}, loss ${fields.loss}, ${fields.rate} windows/s, ${fields.left} left`,
      );
    }
  }
}

/** What is told of a bar beside its step. */
interface BarPayload {
  readonly epoch: string;
  readonly loss: string;
  readonly rate: string;
  readonly left: string;
}

function progressBar(stream: NodeJS.WritableStream): cliProgress.SingleBar {
  return new cliProgress.SingleBar(
    {
      stream,
      format: (_, { progress, value, total, maxWidth }, { epoch, loss, rate, left }: BarPayload) => {
        const step = `step ${grouped(value)}/${grouped(total)}`;
        const figures = { loss: `loss ${loss}`, rate: `${rate} windows/s` };
        return barLine({ part: progress, step, epoch, ...figures, left }, maxWidth - 1);
      },
      // Lines above the bar may be longer than the terminal is wide: they go on in the next one.
      linewrap: true,
      hideCursor: true,
      forceRedraw: true,
      gracefulExit: false,
    },
    cliProgress.Presets.rect,
  );
}
