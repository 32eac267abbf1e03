// Goal: what a worker computed wrong enters no sum where another is there to contradict it, and the right one is named.
// Method: conversations, as in machine.spec.ts.
import { describe, expect, it } from 'vitest';
import { Conversation } from './conversation.js';
import { HISTORY_STEPS_MIN } from './norm-history.js';
import { STRIKES_MAX } from './roster.js';
import type { RunShape } from './run-state.js';
import { DISAGREEMENTS_MAX } from './disagreements.js';

const far = { norms: { 0: 1000 } };

/**
 * A run in which enough steps of one micro-batch a worker were closed for its norms, all 1, to be a history; the next step's
 * assignments are #1, #2, … of its own.
 */
class Seasoned extends Conversation {
  #first: number;

  constructor(workers: readonly string[], shape: Partial<RunShape> = {}) {
    super({ microBatchesPerStep: workers.length, windowsPerEpoch: 1000, stepsTotal: 99, ...shape });
    this.tick();
    for (const worker of workers) this.join(worker);
    this.saved(0);
    for (let step = 0; step < HISTORY_STEPS_MIN; step++) {
      this.closeTogether(workers, 1 + step * workers.length, workers.length);
    }
    this.#first = HISTORY_STEPS_MIN * workers.length;
  }

  /** What is said of the n-th assignment of this step, from 1, or of a later one, with numbers from 1 too. */
  first(worker: string, n: number, microBatches: readonly number[], options = {}): string[] {
    return this.own(this.report(worker, this.#first + n, microBatches, options));
  }

  /** Brings all ranges of what a worker has reported as the n-th. */
  sendOf(worker: string, n: number): void {
    this.send(worker, this.#first + n);
  }

  own(lines: readonly string[]): string[] {
    return lines.map((line) => line.replace(/#(\d+)/g, (_, id) => `#${Number(id) - this.#first}`));
  }

  /** Closes the step in which these hold one micro-batch each, and which gave out so many assignments. */
  close(holders: readonly (readonly [worker: string, n: number])[], numbers: number): void {
    this.judged(true);
    for (const range of [0, 1]) {
      for (const [worker, n] of holders) this.range(worker, this.#first + n, range);
      this.applied([range]);
    }
    this.#first += numbers;
  }
}

describe('a norm far outside', () => {
  it('keeps its contribution from counting until another computes the same', () => {
    const run = new Seasoned(['a', 'b']);
    expect(run.first('a', 1, [0], far)).toEqual(['keep #1', 'assign b #3 audit 4/1 v4 [0]']);
    // Nothing is granted, and nothing judged, meanwhile.
    expect(run.first('b', 2, [1])).toEqual(['keep #2', 'grant b #2 range 0', 'grant b #2 range 1']);
    expect(run.first('b', 3, [0], far)).toEqual([
      'second-word #1 [0] for norm of a,b: stands',
      'grant a #1 range 0',
      'grant a #1 range 1',
      'judge #1 #2',
    ]);
  });

  it('far below is as far as far above', () => {
    const run = new Seasoned(['a', 'b']);
    expect(run.first('a', 1, [0], { norms: { 0: 0 } })).toContain('assign b #3 audit 4/1 v4 [0]');
  });

  it('that a second worker does not find is refuted, and the micro-batch is another’s', () => {
    const run = new Seasoned(['a', 'b']);
    run.first('a', 1, [0], far);
    run.first('b', 2, [1]);
    expect(run.first('b', 3, [0])).toEqual([
      'second-word #1 [0] for norm of a,b: refuted',
      'withdraw a #1',
      'strike 1 a: step 5, micro-batch 0: what worker a computed is not what b computed',
      'assign b #4 train 4/1 v4 [0]',
    ]);
    expect(run.first('b', 4, [0])).toContain('judge #2 #4');
  });

  it('is decided by a third worker where there is one', () => {
    const run = new Seasoned(['a', 'b', 'c']);
    run.first('a', 1, [0], far);
    expect(run.first('b', 4, [0])).toEqual(['assign c #5 audit 4/1 v4 [0]']);
    expect(run.first('c', 5, [0], far)).toEqual([
      'second-word #1 [0] for norm of a,b,c: stands',
      'grant a #1 range 0',
      'grant a #1 range 1',
      'strike 1 b: step 5, micro-batch 0: what worker b computed is not what a and c computed',
    ]);
  });

  it(`of which three say three things is computed again, and the ${DISAGREEMENTS_MAX}th time the run ends and says who said what`, () => {
    const run = new Seasoned(['a', 'b', 'c']);
    for (const [n, worker] of ['b', 'c'].entries()) run.first(worker, n + 2, [n + 1]);
    let [holder, number] = ['a', 1];
    let said = 1000;
    for (let time = 1; time <= DISAGREEMENTS_MAX; time++) {
      let lines: string[] = [];
      for (let word = 0; word < 3; word++) {
        lines = run.first(holder, number, [0], { norms: { 0: (said *= 2) } });
        const asked = lines.flatMap((line) => /^assign (\w) #(\d+) .*\[0\]$/.exec(line) ?? []);
        if (asked.length > 0) [holder, number] = [asked[1], Number(asked[2])];
      }
      expect(lines.join()).toMatch(/^second-word #\d+ \[0\] for norm of \w,\w,\w: refuted,withdraw/);
      expect(lines.join()).not.toContain('strike');
      if (time < DISAGREEMENTS_MAX) expect(lines.at(-1)).toMatch(/^assign \w #\d+ train 4\/1 v4 \[0\]$/);
      else {
        expect(lines.at(-1)).toMatch(
          new RegExp(
            `^finish failed: step 5, micro-batch 0: three workers computed three things, ${DISAGREEMENTS_MAX} times; the last time ` +
              `worker \\w loss 1, norm ${said / 4}, hash 9; worker \\w loss 1, norm ${said / 2}, hash 9; ` +
              `worker \\w loss 1, norm ${said}, hash 9; take out of the pool`,
          ),
        );
      }
    }
  });

  it('is computed again by the worker itself where it is alone', () => {
    const run = new Seasoned(['a']);
    expect(run.first('a', 1, [0], far)).toEqual(['keep #1', 'assign a #2 audit 4/1 v4 [0]']);
    expect(run.first('a', 2, [0])).toEqual([
      'second-word #1 [0] for norm of a,a: refuted',
      'withdraw a #1',
      'strike 1 a: step 5, micro-batch 0: what worker a computed is not what it computed again',
      'assign a #3 train 4/1 v4 [0]',
    ]);
    expect(run.first('a', 3, [0])).toContain('judge #3');
  });

  it('of other bits than another’s stands all the same: kinds of workers may differ', () => {
    const run = new Seasoned(['a', 'b']);
    run.first('a', 1, [0], far);
    expect(run.first('b', 3, [0], { norms: { 0: 1000.5 }, hashes: { 0: 7 } })[0]).toContain('stands');
  });

  it('is none where the step’s other workers say the same', () => {
    const run = new Seasoned(['a', 'b', 'c', 'd']);
    const jump = { norms: { 0: 100, 1: 100, 2: 100, 3: 100 } };
    run.first('a', 1, [0], jump);
    expect(run.first('b', 2, [1], jump)).toHaveLength(2);
    expect(run.first('c', 3, [2], jump)).toHaveLength(2);
    for (const n of [5, 6, 7]) {
      const worker = ['b', 'a', 'a'][n - 5];
      run.first(worker, n, [n - 5], jump);
    }
    expect(run.first('d', 4, [3], jump).join()).not.toContain('audit');
  });

  it('is asked of another when the one that was asked is lost, and is void when the questioned one is', () => {
    const run = new Seasoned(['a', 'b', 'c']);
    run.first('a', 1, [0], far);
    expect(run.own(run.leave('b'))).toEqual(['assign c #5 audit 4/1 v4 [0]', 'assign a #6 train 4/1 v4 [1]']);
    expect(run.own(run.leave('a'))).toEqual(['withdraw c #5', 'assign c #7 train 4/1 v4 [0,1]']);
    expect(run.first('c', 5, [0])).toEqual(['ignore report c #5: it is not wanted, or not any more']);
  });

  it('is asked of another when the one that was asked is late', () => {
    const run = new Seasoned(['a', 'b', 'c']);
    run.first('a', 1, [0], far);
    for (const n of [2, 3]) {
      run.first('_bc'[n - 1], n, [n - 1]);
      run.sendOf('_bc'[n - 1], n);
    }
    expect(run.own(run.tick(1e6))).toEqual(['withdraw b #4', 'assign c #5 audit 4/1 v4 [0]']);
    expect(run.own(run.tick(2e6))).toEqual(['withdraw c #5', 'assign a #6 audit 4/1 v4 [0]']);
  });
});

describe('a worker that computes what is wrong', () => {
  it(`is set aside at the ${STRIKES_MAX}rd time, and what it sends then is a stranger’s`, () => {
    const run = new Seasoned(['a', 'b']);
    for (let time = 1; time <= STRIKES_MAX; time++) {
      run.first('a', 1, [0], far);
      run.first('b', 2, [1]);
      const lines = run.first('b', 3, [0]);
      expect(lines).toContain(
        `strike ${time} a: step ${4 + time}, micro-batch 0: what worker a computed is not what b computed`,
      );
      if (time < STRIKES_MAX) {
        run.first('b', 4, [0]);
        run.close(
          [
            ['b', 2],
            ['b', 4],
          ],
          4,
        );
        continue;
      }
      expect(lines).toContain(`set aside a: it computed what is wrong ${STRIKES_MAX} times`);
      expect(run.machine.view.workers.map(({ worker }) => worker)).toEqual(['b']);
      expect(run.first('a', 1, [0])).toEqual(['ignore report a #1: its worker is not of this run']);
      expect(run.leave('a')).toEqual([]);
    }
  });
});

describe('an audit', () => {
  const shape = { auditShare: 1 };

  it('has a second worker compute the same, and compares bits', () => {
    const audited = Conversation.begun(['a', 'b'], {
      ...shape,
      microBatchesPerStep: 2,
      windowsPerEpoch: 400,
    });
    expect(audited.report('a', 1, [0])).toEqual(['keep #1', 'assign b #3 audit 0/1 v0 [0]']);
    expect(audited.report('b', 2, [1])).toEqual(['keep #2', 'assign a #4 audit 0/1 v0 [1]']);
    expect(audited.report('b', 3, [0])).toEqual([
      'second-word #1 [0] for audit of a,b: stands',
      'grant a #1 range 0',
      'grant a #1 range 1',
    ]);
    expect(audited.range('a', 4, 0)).toEqual(['ignore range a #4: it is not wanted, or not any more']);
    expect(audited.report('a', 4, [1])).toContain('judge #1 #2');
  });

  it('names both and lets the first stand where two differ in one bit and there is no third', () => {
    const run = Conversation.begun(['a', 'b'], { ...shape, microBatchesPerStep: 2, windowsPerEpoch: 400 });
    run.report('a', 1, [0]);
    expect(run.report('b', 3, [0], { hashes: { 0: 8 } })).toEqual([
      'second-word #1 [0] for audit of a,b: unsettled',
      'grant a #1 range 0',
      'grant a #1 range 1',
    ]);
  });

  it('strikes whom two others contradict, and hands the micro-batch to another', () => {
    const run = Conversation.begun(['a', 'b', 'c'], {
      ...shape,
      microBatchesPerStep: 3,
      windowsPerEpoch: 600,
    });
    run.report('a', 1, [0], { hashes: { 0: 8 } });
    expect(run.report('b', 4, [0])).toEqual(['assign c #5 audit 0/1 v0 [0]']);
    expect(run.report('c', 5, [0])).toEqual([
      'second-word #1 [0] for audit of a,b,c: refuted',
      'withdraw a #1',
      'strike 1 a: step 1, micro-batch 0: what worker a computed is not what b and c computed',
      'assign b #6 train 0/1 v0 [0]',
    ]);
  });

  it('takes a hash of 0 for none, and compares loss and norm to the bit all the same', () => {
    const run = Conversation.begun(['a', 'b'], { ...shape, microBatchesPerStep: 2, windowsPerEpoch: 400 });
    run.report('a', 1, [0], { fits: false, hashes: { 0: 0 } });
    expect(run.report('b', 3, [0])[0]).toContain('stands');
    run.report('b', 2, [1], { fits: false, hashes: { 1: 0 } });
    expect(run.report('a', 4, [1], { norms: { 1: 1 + 2 ** -52 } })[0]).toContain('unsettled');
  });

  it('of a worker that is alone is not held', () => {
    const run = Conversation.begun(['a'], { ...shape, microBatchesPerStep: 1, windowsPerEpoch: 200 });
    expect(run.report('a', 1, [0])).toEqual([
      'keep #1',
      'second-word #1 [0] for audit of a: unheld',
      'grant a #1 range 0',
      'grant a #1 range 1',
      'judge #1',
    ]);
  });

  it('is passed over where the only other worker is late', () => {
    const run = Conversation.begun(['a', 'b'], { ...shape, microBatchesPerStep: 2, windowsPerEpoch: 400 });
    run.report('b', 2, [1]);
    run.report('a', 1, [0]);
    expect(run.tick(1e6).join('\n')).toContain('second-word #1 [0] for audit of a: unheld');
  });

  it('whose report is of other micro-batches is another’s, and its worker is dismissed', () => {
    const run = Conversation.begun(['a', 'b', 'c'], {
      ...shape,
      microBatchesPerStep: 3,
      windowsPerEpoch: 600,
    });
    run.report('a', 1, [0]);
    expect(run.report('b', 4, [1])).toEqual([
      'ignore report b #4: expected the micro-batches 0, received 1',
      'dismiss b: its report on assignment 4 is wrong: expected the micro-batches 0, received 1',
      'assign c #5 audit 0/1 v0 [0]',
      'assign a #6 train 0/1 v0 [1]',
    ]);
  });
});
