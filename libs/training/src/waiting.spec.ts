// Goal: what a run waits for between steps: workers, and the end of a hold. Method: conversations, as in machine.spec.ts.
import { describe, expect, it } from 'vitest';
import { Conversation, progressAt } from './conversation.js';

const all = [0, 1, 2, 3];
const long = { windowsPerEpoch: 800 };

describe('fewer workers than are wanted', () => {
  it('have no step issued, and go on with one that is', () => {
    const run = Conversation.begun(['a'], { ...long, minWorkers: 2 });
    expect(run.machine.view).toMatchObject({ phase: 'waiting', issue: 0 });
    expect(run.join('b')).toEqual([
      'issue 0/1 on previous',
      'assign a #1 train 0/1 v0 [0,1]',
      'assign b #2 train 0/1 v0 [2,3]',
    ]);
    expect(run.leave('a')).toEqual(['assign b #3 train 0/1 v0 [0,1]']);
    expect(run.machine.view.phase).toBe('training');
    run.report('b', 2, [2, 3]);
    run.report('b', 3, [0, 1]);
    run.judged(true);
    for (const range of [0, 1]) {
      run.range('b', 2, range);
      run.range('b', 3, range);
      run.applied([range]);
    }
    expect(run.machine.progress.step).toBe(1);
    expect(run.machine.view.phase).toBe('waiting');
    expect(run.join('c')).toContain('issue 1/1 on previous');
  });

  it('evaluate, and save by the clock what they closed', () => {
    const shape = { minWorkers: 2, evaluationPieces: 1, evaluationUnits: 2, checkpointIntervalMs: 10 };
    const run = new Conversation(shape, progressAt(2));
    expect(run.join('a')).toEqual(['assign a #1 evaluate 2/0 v2 [0]']);
    expect(run.evaluated('a', 1, { 0: 1 })).toEqual([
      'record [2,1,1,0.5] best',
      'save 2 evaluation best with 1 entries',
    ]);
    expect(run.machine.view.phase).toBe('waiting');

    const other = Conversation.begun(['a', 'b'], { ...long, ...shape });
    other.report('a', 1, [0, 1]);
    other.report('b', 2, [2, 3]);
    other.judged(true);
    for (const range of [0, 1])
      for (const [worker, id] of [
        ['a', 1],
        ['b', 2],
      ] as const)
        other.range(worker, id, range);
    other.leave('a');
    other.applied([0, 1]);
    expect(other.machine.view.phase).toBe('waiting');
    expect(other.tick(9)).toEqual([]);
    expect(other.tick(10)).toEqual(['save 1 interval with 0 entries']);
    expect(other.saved(1)).toEqual([]);
    expect(other.tick(30)).toEqual([]);
  });

  it('do not keep the run from a stop', () => {
    const run = Conversation.begun(['a'], { minWorkers: 2 }, progressAt(1));
    expect(run.stop()).toEqual(['finish stopped: stopped on request after step 1']);
  });

  it('that evaluate and are all gone are waited for', () => {
    const run = new Conversation({ evaluationPieces: 1, evaluationUnits: 2 }, progressAt(2));
    run.join('a');
    run.leave('a');
    expect(run.machine.view.phase).toBe('waiting');
    expect(run.join('b')).toEqual(['assign b #2 evaluate 2/0 v2 [0]']);
    expect(run.machine.view.phase).toBe('evaluating');
  });
});

describe('a hold', () => {
  it('lets the step end and issues none, nor saves by the clock, until it is released', () => {
    const run = Conversation.begun(['a'], { ...long, checkpointIntervalMs: 10 });
    expect(run.hold()).toEqual([]);
    expect(run.machine.view.phase).toBe('training');
    run.at = 50;
    expect(run.closeAlone('a', 1, all)).toEqual(['close 0/1 epoch 0 windows 8 loss 0.5075']);
    expect(run.machine.view.phase).toBe('held');
    expect(run.tick()).toEqual([]);
    run.hold();
    expect(run.release()).toEqual([
      'save 1 interval with 0 entries',
      'issue 1/1 on previous',
      'assign a #2 train 1/1 v1 [0,1,2,3]',
    ]);
    expect(run.release()).toEqual([]);
  });

  it('ends with a stop at once, and with its checkpoint', () => {
    const run = Conversation.begun(['a'], long);
    run.hold();
    run.closeAlone('a', 1, all);
    expect(run.stop('its 8 hours are over')).toEqual(['save 1 stop with 0 entries']);
    expect(run.machine.view.phase).toBe('saving');
    expect(run.saved(1)).toEqual(['finish stopped: stopped after step 1: its 8 hours are over']);
  });

  it('lets an evaluation and its checkpoint pass, and the run’s end', () => {
    const run = Conversation.begun(['a'], { evaluationPieces: 1, evaluationUnits: 2, stepsTotal: 1 });
    run.hold();
    expect(run.closeAlone('a', 1, all).slice(1)).toEqual(['assign a #2 evaluate 1/0 v1 [0]']);
    expect(run.evaluated('a', 2, { 0: 1 })).toEqual([
      `record ${JSON.stringify([1, 1, 0.5075, 0.5])} best`,
      'save 1 end best with 1 entries',
    ]);
    expect(run.saved(1)).toEqual(['finish done: its one step is closed']);
  });
});
