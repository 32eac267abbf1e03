import { Writable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import type { LogEntryOf } from '../run/log/log-entries.js';
import { evaluationEntry, started, stepEntry, summaryEntry } from './spec-entries.js';
import { entryText } from './entry-text.js';
import { RunDisplay } from './run-display.js';

/** Keeps what is written to it, and claims to be a terminal where the display is to have one. */
class Paper extends Writable {
  text = '';
  readonly isTTY: boolean;
  readonly columns: number;

  constructor(isTTY: boolean, columns: number) {
    super();
    this.isTTY = isTTY;
    this.columns = columns;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }

  get lines(): string[] {
    return this.text.trimEnd().split('\n');
  }
}

let clock = 0;
let display: RunDisplay;
function show(terminal = false, columns = 100): Paper {
  clock = 0;
  const paper = new Paper(terminal, columns);
  display = new RunDisplay({ terminal, stream: paper, now: () => clock });
  return paper;
}

/** What is typed of the run at its end. */
const commands = {
  resume: './rocinante train --resume --run-dir a',
  best: './rocinante sample a --which best',
};

/** A time of the log. */
const at = (ms: number): string => new Date(Date.parse('2026-11-24T10:00:00.000Z') + ms).toISOString();

afterEach(() => display.finished());

const time = '2026-11-24T10:00:00.000Z';

describe('without a terminal', () => {
  it('shows a run as the readme does', () => {
    const paper = show();
    display.entry(started({}));
    display.entry({ time, event: 'worker-joined', atStep: 0, worker: 'worker-1', threads: 1, engine: null });
    display.entry(evaluationEntry(335));
    display.entry(evaluationEntry(1340, { epoch: 4, loss: 1.5995, validationLoss: null, best: false }));
    expect(paper.lines).toEqual([
      'text: 1,190,317 characters, 83 symbols; 10,712 windows of 100, 59,516 characters held out',
      'network: LSTM layers of 256 units, 355,347 parameters',
      '1,340 steps of 32 windows in micro-batches of 16',
      'worker-1 joined',
      'epoch 1 (step 335): loss 2.2992, held-out loss 1.9066 (2.75 bits a character), the best so far',
      'epoch 4 (step 1,340): loss 1.5995',
    ]);
  });

  it('says of who joins how it computes LSTM layers, where that is not the processor’s plain path', () => {
    const paper = show();
    const engine = { tensorflow: '2.21.0', device: 'gpu', model: 'NVIDIA H200', features: ['lstm=cudnn'] };
    display.entry({ time, event: 'worker-joined', atStep: 0, worker: 'worker-1', threads: 1, engine });
    expect(paper.lines).toEqual([
      'worker-1 joined, to compute on NVIDIA H200, with LSTM path cudnn, where it can compute the network',
    ]);
  });

  it('has a line about steps every ten seconds, and one for the last step', () => {
    const paper = show();
    display.entry(started({ stepsTotal: 670 }));
    const before = paper.lines.length;
    for (let step = 1; step <= 670; step++) {
      clock += 100;
      display.entry(stepEntry(step, { time: at(clock), epoch: step > 335 ? 2 : 1, seconds: 0.1 }));
    }
    const lines = paper.lines.slice(before);
    expect(lines).toHaveLength(8);
    expect(lines[0]).toBe('step 1/670, epoch 1/2, loss 2.5000, - windows/s, - left');
    expect(lines[1]).toBe('step 101/670, epoch 1/2, loss 2.5000, 320.0 windows/s, 57 s left');
    expect(lines[7]).toBe('step 670/670, epoch 2/2, loss 2.5000, 320.0 windows/s, 0 s left');
  });

  it('breaks a long silence with what goes on, and for how long', () => {
    const paper = show();
    const said = (ms: number): string[] => {
      const before = paper.text.length;
      clock += ms;
      display.quiet();
      return paper.text.slice(before).trimEnd().split('\n');
    };
    expect(said(60_000)).toEqual(['still waiting for the run to begin, for 1 min 00 s']);
    display.entry(started({ stepsTotal: 2 }));
    expect(said(59_999)).toEqual(['']);
    expect(said(1)).toEqual(['still waiting for the first step, for 1 min 00 s']);
    expect(said(59_999)).toEqual(['']);
    display.entry(stepEntry(1));
    expect(said(60_000)).toEqual(['still at step 2/2, for 1 min 00 s']);
    expect(said(60_000)).toEqual(['still at step 2/2, for 2 min 00 s']);
    display.entry(stepEntry(2));
    expect(said(60_000)).toEqual(['still evaluating, writing the weights, drawing a sample, for 1 min 00 s']);
  });

  it('tells no number of epochs where the run ends within one', () => {
    const paper = show();
    display.entry(started({ stepsTotal: 400 }));
    const before = paper.lines.length;
    for (const [step, epoch] of [
      [30, 1],
      [335, 1],
      [336, 2],
      [400, 2],
    ]) {
      clock += 10_000;
      display.entry(stepEntry(step, { epoch }));
    }
    const epochs = paper.lines.slice(before).map((line) => line.split(', ')[1]);
    expect(epochs).toEqual(['epoch 1 (8 %)', 'epoch 1 (100 %)', 'epoch 2 (0 %)', 'epoch 2 (19 %)']);
  });

  it('says in which precision a run is, where that is not float32', () => {
    const networkLine = (precision: string | null): string => {
      const paper = show();
      display.entry(started({ precision }));
      return paper.lines[1];
    };
    const network = 'network: LSTM layers of 256 units, 355,347 parameters';
    expect(['mixed', 'tf32', 'float32', null].map(networkLine)).toEqual([
      `${network}, in precision mixed`,
      `${network}, in precision tf32`,
      network,
      network,
    ]);
    expect(entryText(started({ precision: 'mixed' }))).toBe(
      'the run begins: 1,340 steps, in precision mixed',
    );
    expect(entryText(started({}))).toBe('the run begins: 1,340 steps');
  });

  it('says that a warm-up is longer than its run, before it begins', () => {
    const paper = show();
    display.entry(started({ stepsTotal: 40, warmUp: { steps: 100, rate: 0.064 } }));
    expect(paper.lines.slice(2)).toEqual([
      '40 steps of 32 windows in micro-batches of 16',
      'the warm-up of 100 steps is longer than the run, which has 40: its learning rate comes to 0.0256 of 0.064; ' +
        'take a smaller --warmup-steps, or a longer run',
    ]);
    display.entry(started({ stepsTotal: 40, warmUp: null }));
    expect(paper.lines.at(-1)).toBe('40 steps of 32 windows in micro-batches of 16');
  });

  it('says what went on', () => {
    const paper = show();
    display.entry(started({ atStep: 1340, checkpoint: 'step-00001340.safetensors' }));
    display.entry({
      time,
      event: 'checkpoint-passed-over',
      atStep: 7,
      name: 'step-00000009.safetensors',
      reason: 'its checksum is another',
    });
    display.entry({ time, event: 'worker-left', atStep: 7, worker: 'a', lost: true, reason: 'no answer' });
    display.entry({
      time,
      event: 'worker-left',
      atStep: 7,
      worker: 'b',
      lost: false,
      reason: 'told to stop',
    });
    display.entry({ time, event: 'held', atStep: 7, reason: '12 MB are free' });
    display.entry({ time, event: 'released', atStep: 7 });
    display.entry({ time, event: 'notice', atStep: 7, message: 'first\u001b[2J\nsecond' });
    display.entry({
      time,
      event: 'length-changed',
      atStep: 7,
      from: { steps: null, epochs: 4 },
      to: { steps: 200, epochs: 4 },
      rate: null,
    });
    display.entry({
      time,
      event: 'length-changed',
      atStep: 7,
      from: { steps: null, epochs: 4 },
      to: { steps: null, epochs: 8 },
      rate: { from: 0.0001234, to: 0.006 },
    });
    display.entry({
      time,
      event: 'checkpoint',
      atStep: 7,
      name: 'x',
      bytes: 5e6,
      seconds: 1,
      reason: 'interval',
    });
    display.entry({
      time,
      event: 'checkpoint',
      atStep: 7,
      name: 'y',
      bytes: 5e6,
      seconds: 1,
      reason: 'stop',
    });
    expect(paper.lines.slice(3)).toEqual([
      'going on from step-00001340.safetensors',
      'all its steps are done already',
      'warning: checkpoint step-00000009.safetensors is damaged (its checksum is another); the one before it is used',
      'a was lost: no answer',
      'b left: told to stop',
      'held: 12 MB are free',
      'no longer held: the run goes on',
      'first\\u001b[2J\\u000asecond',
      'the run now has 200 steps, not 4 epochs',
      'the run now has 8 epochs, not 4 epochs; its schedule goes over the whole length, so its learning rate is 0.006 now, not 0.000123',
      'checkpoint y saved (5.0 MB)',
    ]);
  });

  it('ends with figures, steps issued again and a sample', () => {
    show();
    display.entry(started({}));
    display.entry(stepEntry(1, { issues: 2 }));
    display.entry(stepEntry(2));
    display.entry({ time, event: 'sample', atStep: 1340, text: 'call me\nwhale' });
    display.entry(summaryEntry());
    expect(display.closingText('runs/first/weights/final.safetensors', commands)).toBe(
      'done: 1,340 steps, loss 1.5995, held-out loss 1.6112 (2.32 bits a character), 413.1 windows/s, 1 step issued again\n' +
        'weights: runs/first/weights/final.safetensors (its parameters’ SHA-256: fc0b)\n' +
        '\na sample:\ncall me\nwhale\n',
    );
  });

  it('ends with the reason where that came before its length, and with the best where that is another step', () => {
    show();
    const reason = 'stopped early after step 480: the loss did not fall in 4 evaluations in a row';
    display.entry(started({}));
    display.entry({ time, event: 'finished', atStep: 480, outcome: 'done', reason });
    display.entry(summaryEntry({ steps: 480, bestStep: 432, bestValidationLoss: 1.9381 }));
    expect(display.closingText('w', commands).split('\n').slice(1, 4)).toEqual([
      reason,
      'best: held-out loss 1.9381 (2.80 bits a character) at step 432; its weights: ./rocinante sample a --which best',
      'weights: w (its parameters’ SHA-256: fc0b)',
    ]);
    display.entry(summaryEntry({ steps: 480, bestStep: 432, bestValidationLoss: null }));
    expect(display.closingText('w', commands)).toContain('\nbest: the lowest loss at step 432; its');
    // An earlier release says nothing of it.
    display.entry(summaryEntry({ bestStep: null, bestValidationLoss: null }));
    expect(display.closingText('w', commands).split('\n')[1]).toBe(
      'weights: w (its parameters’ SHA-256: fc0b)',
    );
  });

  it('ends with how it goes on where the loss was still falling at its end, and not where it had stopped early', () => {
    show();
    const lastFall = { nats: 0.0432, sinceStep: 1005 };
    const line =
      'the held-out loss was still falling, by 0.0432 since step 1,005; go on with: ./rocinante train --resume --run-dir a ';
    const second = (fields: Partial<LogEntryOf<'summary'>>): string => {
      display.entry(summaryEntry(fields));
      return display.closingText('w', commands).split('\n')[1];
    };
    display.entry(started({ stepsTotal: 1340 }));
    expect(second({ lastFall })).toBe(`${line}--epochs 8`);
    expect(second({ lastFall: { nats: 0.01, sinceStep: 1005 } })).toMatch(/^weights: /);
    expect(second({ lastFall: null })).toMatch(/^weights: /);
    expect(second({ lastFall, steps: 1000, bestStep: 1000 })).toMatch(/^weights: /);
    display.entry(started({ stepsTotal: 1000 }));
    expect(second({ lastFall, steps: 1000, bestStep: 1000 })).toBe(`${line}--steps 2000`);
  });

  it('warns of workers of another kind, and ends with it where they were admitted', () => {
    const paper = show();
    display.entry(started({}));
    const parked = { time, atStep: 7, worker: 'b', engine: null, proof: '' };
    display.entry({ ...parked, event: 'worker-parked', message: 'worker b is parked: why' });
    display.entry({ ...parked, event: 'not-exact', message: 'worker b is admitted' });
    display.entry({ ...parked, event: 'not-exact', message: 'worker c is admitted', atStep: 9 });
    expect(paper.lines.slice(-3)).toEqual([
      'warning: worker b is parked: why',
      'warning: worker b is admitted',
      'warning: worker c is admitted',
    ]);
    display.entry(summaryEntry());
    expect(display.closingText('w', commands)).toContain('windows/s, not exact since step 7\n');
    display.entry(started({ notExactSince: 5 }));
    display.entry(summaryEntry());
    expect(display.closingText('w', commands)).toContain('windows/s, not exact since step 5\n');
  });

  it('has no summary of an earlier activation', () => {
    show();
    display.entry(summaryEntry());
    expect(display.summary).not.toBeNull();
    display.entry(started({ time: '2026-11-24T11:00:00.000Z' }));
    expect(display.summary).toBeNull();
  });
});

describe('in a terminal', () => {
  it('says what is done before the first step, and after the last', () => {
    const paper = show(true);
    const bar = (): string => {
      display.finished();
      return paper.text.slice(paper.text.lastIndexOf(' step '));
    };
    display.entry(started({ stepsTotal: 1 }));
    expect(bar()).toContain('step 0/1 | epoch - | loss - | - windows/s | waiting for the first step');
    display.entry(started({ stepsTotal: 1 }));
    display.entry({ time, event: 'worker-joined', atStep: 0, worker: 'worker-1', threads: 1, engine: null });
    expect(bar()).toContain('| workers are getting ready');
    display.entry(started({ stepsTotal: 1 }));
    display.stands('connection lost, reconnecting');
    expect(bar()).toContain('| connection lost, reconnecting');
    display.entry(started({ stepsTotal: 1 }));
    display.entry(stepEntry(1));
    expect(bar()).toContain('- windows/s | evaluating, writing the weights, drawing a sample');
  });

  it('has a bar that is narrower than the terminal, and does not keep it from wrapping lines', () => {
    const paper = show(true, 80);
    display.entry(started({ stepsTotal: 33_500 }));
    for (let step = 12_340; step <= 12_345; step++)
      display.entry(stepEntry(step, { time: at(step * 80), epoch: 37, seconds: 0.0775 }));
    display.finished();
    const bars = paper.text.match(/■[■ ]*step .*? left/g) ?? [];
    expect(bars.at(-1)).toMatch(
      /^■+ +step 12,345\/33,500 \| loss 2\.5000 \| 412\.9 windows\/s \| 28 min 12 s left$/,
    );
    for (const bar of bars) expect(bar.length).toBeLessThan(80);
    expect(paper.text).not.toContain('\u001b[?7l');
  });

  it('has a bar, lines above it, and gives the cursor back', () => {
    const paper = show(true);
    display.entry(started({ stepsTotal: 10, stepsPerEpoch: 5, windowsPerEpoch: 160 }));
    for (const step of [1, 2, 3]) display.entry(stepEntry(step, { time: at(step * 600), seconds: 0.5 }));
    display.line('a word');
    expect(paper.text).toContain('\r\u001b[Ka word\n');
    expect(paper.text).toContain('\u001b[?25l');
    display.finished();
    expect(paper.text).toContain('step 3/10 | epoch 1/2 | loss 2.5000 | 64.0 windows/s | 4 s left');
    expect(paper.text).not.toContain('step 3/10, epoch');
    expect(paper.text).not.toContain('drawing a sample');
    expect(paper.text.lastIndexOf('\u001b[?25h')).toBeGreaterThan(paper.text.lastIndexOf('\u001b[?25l'));
  });
});
