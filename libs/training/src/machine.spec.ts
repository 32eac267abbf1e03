// Goal: what a run does between steps: evaluations, its end, and who works. step-work.spec.ts has the step,
// checkpoint-times.spec.ts and stop.spec.ts what their names say.
// Method: conversations. Each event's effects are compared whole, one line an effect (conversation.ts).
import { describe, expect, it } from 'vitest';
import { Conversation, progressAt, smallShape } from './conversation.js';
import { RunMachine } from './machine.js';
import { noProgress } from './run-state.js';

describe('before the first step', () => {
  it('saves, and issues only when the checkpoint is whole', () => {
    const run = new Conversation();
    expect(run.tick()).toEqual(['save 0 start with 0 entries']);
    expect(run.join('a')).toEqual([]);
    expect(run.machine.view).toMatchObject({ phase: 'saving', issue: 0 });
    expect(run.saved(0)).toEqual(['issue 0/1 on previous', 'assign a #1 train 0/1 v0 [0,1,2,3]']);
    expect(run.machine.view).toMatchObject({ phase: 'training', issue: 1 });
  });

  it('goes on at once after a resume', () => {
    const run = new Conversation({}, progressAt(1));
    expect(run.join('a')).toEqual(['issue 1/1 on previous', 'assign a #1 train 1/1 v1 [0,1]']);
  });

  it('ends at once when there is nothing left to do', () => {
    const run = new Conversation(
      { stepsTotal: 1 },
      progressAt(1, [{ step: 1, epoch: 1, loss: 1, validationLoss: null }]),
    );
    expect(run.tick()).toEqual(['finish done: its one step is closed']);
  });

  it('fails when the checkpoint cannot be written', () => {
    const run = new Conversation();
    run.tick();
    expect(run.say({ type: 'save-failed', step: 0, reason: 'the disk is full' })).toEqual([
      'finish failed: the checkpoint of step 0 was not saved: the disk is full',
    ]);
    expect(run.join('a')).toEqual([]);
    expect(run.machine.view.phase).toBe('over');
  });
});

describe('workers', () => {
  it('waits where there is none, and gives all to the first', () => {
    const run = Conversation.begun([]);
    expect(run.tick()).toEqual([]);
    expect(run.machine.view.phase).toBe('waiting');
    expect(run.join('a')).toEqual(['issue 0/1 on previous', 'assign a #1 train 0/1 v0 [0,1,2,3]']);
    expect(run.join('b')).toEqual([]);
    expect(run.leave('a')).toEqual(['assign b #2 train 0/1 v0 [0,1,2,3]']);
    expect(run.leave('b')).toEqual([]);
    expect(run.machine.view).toMatchObject({ phase: 'waiting', issue: 1 });
    expect(run.join('c')).toEqual(['assign c #3 train 0/1 v0 [0,1,2,3]']);
  });

  it('keeps those beyond the micro-batches as spares, said in one line each, until another leaves', () => {
    const run = Conversation.begun(['a', 'b', 'c', 'd']);
    expect(run.join('e')).toEqual([
      'notice e: worker e is a spare: 5 workers, and a step has 4 micro-batches',
    ]);
    expect(run.machine.view.spares).toBe(1);
    expect(run.leave('b')).toEqual(['assign e #5 train 0/1 v0 [1]']);
    expect(run.machine.view.spares).toBe(0);
  });

  it('deals by measured speed, leaving out a worker’s first report', () => {
    const run = Conversation.begun(['a', 'b'], { windowsPerEpoch: 8 });
    run.report('a', 1, [0, 1], { fits: false, seconds: 100 });
    run.report('b', 2, [2, 3], { fits: false, seconds: 1 });
    expect(run.judged(false).slice(3)).toEqual([
      'assign a #3 train 0/2 v0 [0,1]',
      'assign b #4 train 0/2 v0 [2,3]',
    ]);
    run.report('a', 3, [0, 1], { fits: false, seconds: 1 });
    run.report('b', 4, [2, 3], { fits: false, seconds: 3 });
    expect(run.judged(false).slice(3)).toEqual([
      'assign a #5 train 0/3 v0 [0,1,2]',
      'assign b #6 train 0/3 v0 [3]',
    ]);
    expect(run.machine.view.workers).toEqual([
      { worker: 'a', microBatchesPerSecond: 2, microBatches: 3 },
      { worker: 'b', microBatchesPerSecond: 2 / 3, microBatches: 1 },
    ]);
  });

  it('ignores one that it does not know, and one that it has lost', () => {
    const run = Conversation.begun(['a']);
    expect(run.leave('z')).toEqual([]);
    expect(run.report('z', 1, [0, 1, 2, 3])).toEqual(['ignore report z #1: its worker is not of this run']);
    run.leave('a');
    expect(run.report('a', 1, [0, 1, 2, 3])).toEqual(['ignore report a #1: its worker is not of this run']);
  });

  it('takes a session that joins twice for a programmer’s error', () => {
    const run = Conversation.begun(['a']);
    expect(() => run.join('a')).toThrow('worker a has joined already');
  });
});

describe('an epoch’s end', () => {
  it('is recorded and saved, and the next step does not wait for the disk', () => {
    const run = Conversation.begun(['a'], {}, progressAt(1));
    run.tick();
    expect(run.closeAlone('a', 1, [0, 1])).toEqual([
      'close 1/1 epoch 0 windows 3 loss 0.6699999999999999',
      `record ${JSON.stringify([2, 1, (8 + 2.01) / 11, null])} best`,
      'save 2 evaluation best with 1 entries',
      'issue 2/1 on previous',
      'assign a #2 train 2/1 v2 [0,1,2,3]',
    ]);
    expect(run.machine.progress).toMatchObject({ step: 2, issues: 2, epochLossSum: 0, epochLossWindows: 0 });
    expect(run.machine.progress.bestLoss).toBe((8 + 2.01) / 11);
  });

  it('is evaluated by all where windows are held out, and decides by their loss', () => {
    const history = [{ step: 2, epoch: 1, loss: 9, validationLoss: 0.3 }];
    const progress = { ...progressAt(3, history), bestLoss: 0.3 };
    const run = Conversation.begun(
      ['a'],
      { evaluationPieces: 3, evaluationUnits: 5, stepsTotal: 9 },
      progress,
    );
    run.join('b');
    expect(run.closeAlone('a', 1, [0, 1])).toEqual([
      'close 3/1 epoch 1 windows 3 loss 0.6699999999999999',
      'assign a #2 evaluate 4/0 v4 [0,1]',
      'assign b #3 evaluate 4/0 v4 [2]',
    ]);
    expect(run.machine.view.phase).toBe('evaluating');
    expect(run.report('a', 2, [0, 1])).toEqual(['ignore report a #2: nothing like it is wanted now']);
    expect(run.leave('b')).toEqual(['assign a #4 evaluate 4/0 v4 [2]']);
    expect(run.evaluated('b', 5, { 2: 1 })).toEqual([
      'ignore evaluation b #5: its worker is not of this run',
    ]);
    expect(run.evaluated('a', 4, { 2: 0.25 })).toEqual([]);
    expect(run.evaluated('a', 2, { 0: 0.5, 1: 0.5 })).toEqual([
      `record ${JSON.stringify([4, 2, (8 + 2.01) / 11, 0.25])} best`,
      'save 4 evaluation best with 2 entries',
      'issue 4/1 on previous',
      'assign a #5 train 4/1 v4 [0,1,2,3]',
    ]);
  });

  it('is evaluated first after a resume that lacks it', () => {
    const run = new Conversation({ evaluationPieces: 1, evaluationUnits: 2 }, progressAt(2));
    expect(run.join('a')).toEqual(['assign a #1 evaluate 2/0 v2 [0]']);
    expect(run.evaluated('a', 1, { 0: NaN })).toEqual([
      'record [2,1,1,null]',
      'save 2 evaluation with 1 entries',
      'issue 2/1 on previous',
      'assign a #2 train 2/1 v2 [0,1,2,3]',
    ]);
    expect(run.machine.progress.history[0].validationLoss).toBeNaN();
    expect(run.machine.progress.bestLoss).toBeNull();
  });

  it('dismisses a worker whose evaluation has other micro-batches', () => {
    const run = new Conversation({ evaluationPieces: 1, evaluationUnits: 2 }, progressAt(2));
    run.join('a');
    run.join('b');
    expect(run.evaluated('a', 1, { 1: 1 })).toEqual([
      'ignore evaluation a #1: expected the micro-batches 0, received 1',
      'dismiss a: its report on assignment 1 is wrong: expected the micro-batches 0, received 1',
      'assign b #2 evaluate 2/0 v2 [0]',
    ]);
  });

  it('has others between, each so many steps, whose epoch goes on', () => {
    const run = Conversation.begun(['a'], { evaluateEverySteps: 1, evaluationPieces: 1, evaluationUnits: 2 });
    expect(run.closeAlone('a', 1, [0, 1, 2, 3]).slice(1)).toEqual(['assign a #2 evaluate 1/0 v1 [0]']);
    expect(run.evaluated('a', 2, { 0: 3 })).toEqual([
      `record ${JSON.stringify([1, 1, 4.06 / 8, 1.5])} best`,
      'save 1 evaluation best with 1 entries',
      'issue 1/1 on previous',
      'assign a #3 train 1/1 v1 [0,1]',
    ]);
    expect(run.machine.progress).toMatchObject({ epochLossSum: 4.06, epochLossWindows: 8 });
  });

  it('waits with its save for one that is under way', () => {
    const run = Conversation.begun(['a'], { checkpointIntervalMs: 10, windowsPerEpoch: 8 }, progressAt(1));
    // The history lacks step 1, an epoch's end: its save has begun.
    expect(run.machine.progress.history.length).toBe(1);
    expect(run.closeAlone('a', 1, [0, 1, 2, 3])).toEqual([
      'close 1/1 epoch 1 windows 8 loss 0.5075',
      'record [2,2,0.5075,null] best',
    ]);
    expect(run.machine.view.phase).toBe('saving');
    expect(run.saved(1)).toEqual([
      'save 2 evaluation best with 2 entries',
      'issue 2/1 on previous',
      'assign a #2 train 2/1 v2 [0,1,2,3]',
    ]);
  });
});

describe('the run’s end', () => {
  it('comes after its checkpoint', () => {
    const run = Conversation.begun(['a'], { stepsTotal: 1 });
    expect(run.closeAlone('a', 1, [0, 1, 2, 3])).toEqual([
      'close 0/1 epoch 0 windows 8 loss 0.5075',
      'record [1,1,0.5075,null] best',
      'save 1 end best with 1 entries',
    ]);
    expect(run.saved(1)).toEqual(['finish done: its one step is closed']);
    expect(run.report('a', 1, [0])).toEqual([]);
  });

  it('in the middle of an epoch leaves the epoch’s sums, and more steps go on with them', () => {
    const run = Conversation.begun(['a'], { stepsTotal: 1 });
    run.closeAlone('a', 1, [0, 1, 2, 3]);
    run.saved(1);
    const { progress } = run.machine;
    expect(progress).toMatchObject({ epochLossSum: 4.06, epochLossWindows: 8 });
    const more = Conversation.begun(['a'], { stepsTotal: 2 }, progress);
    expect(more.closeAlone('a', 1, [0, 1]).slice(1)).toEqual([
      `record ${JSON.stringify([2, 1, (4.06 + 2.01) / 11, null])}`,
      'save 2 end with 2 entries',
    ]);
  });
});

describe('assignments', () => {
  it.each([0, 7000])('have numbers from the first on, here %i', (firstAssignment) => {
    const machine = new RunMachine(smallShape, progressAt(1), 0, { firstAssignment });
    const ids = ['a', 'b'].map((worker) => {
      const effects = machine.handle({ type: 'worker-joined', at: 0, worker });
      machine.handle({ type: 'worker-left', at: 0, worker });
      return effects.flatMap((effect) => (effect.type === 'assign' ? effect.assignment.id : []));
    });
    expect(ids).toEqual([[firstAssignment], [firstAssignment + 1]]);
  });
});

describe('what cannot be', () => {
  it('is an assertion', () => {
    expect(() => new RunMachine({ ...smallShape, evaluationPieces: 1 }, noProgress, 0)).toThrow(
      'evaluationUnits is 1 or more, not 0',
    );
    expect(() => new RunMachine({ ...smallShape, minWorkers: 0 }, noProgress, 0)).toThrow(
      'minWorkers is 1 or more, not 0',
    );
    expect(() => new RunMachine({ ...smallShape, rangeCount: 0 }, noProgress, 0)).toThrow(
      'rangeCount is 1 or more, not 0',
    );
    expect(() => new RunMachine(smallShape, progressAt(5), 0)).toThrow('5 of 4 steps are closed');
    expect(() => Conversation.begun(['a']).judged(true)).toThrow('grid-judged answers a judge-grid');
    expect(() => Conversation.begun(['a']).applied([0])).toThrow(
      'applied answers apply, and range 0 was not asked for',
    );
    expect(() => new Conversation().saved(0)).toThrow('saved: step 0 is not being saved');
  });
});
