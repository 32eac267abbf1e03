// Goal: checkpoints begin when they must, by the clock and by steps, and never two at once.
// Method: conversations, as in machine.spec.ts.
import { describe, expect, it } from 'vitest';
import { Conversation, progressAt } from './conversation.js';

describe('checkpoints by the clock', () => {
  it('begin between steps, once the interval has passed since the last began, and never two at once', () => {
    const run = Conversation.begun(['a'], { checkpointIntervalMs: 100, windowsPerEpoch: 800 });
    run.at = 99;
    expect(run.closeAlone('a', 1, [0, 1, 2, 3])[1]).toBe('issue 1/1 on previous');
    run.at = 100;
    expect(run.closeAlone('a', 2, [0, 1, 2, 3]).slice(1)).toEqual([
      'save 2 interval with 0 entries',
      'issue 2/1 on previous',
      'assign a #3 train 2/1 v2 [0,1,2,3]',
    ]);
    run.at = 300;
    expect(run.closeAlone('a', 3, [0, 1, 2, 3])).toContain('close 2/1 epoch 0 windows 8 loss 0.5075');
    expect(run.saved(2)).toEqual([]);
    expect(run.say({ type: 'tick' })).toEqual([]);
  });

  it('begin at each multiple of so many steps, once, and after the one under way', () => {
    const shape = { checkpointEverySteps: 2, checkpointIntervalMs: 10, windowsPerEpoch: 800, stepsTotal: 9 };
    const run = Conversation.begun(['a'], shape);
    run.at = 10;
    expect(run.closeAlone('a', 1, [0, 1, 2, 3])).toContain('save 1 interval with 0 entries');
    // The step waits, since its own checkpoint does.
    expect(run.closeAlone('a', 2, [0, 1, 2, 3])).toEqual(['close 1/1 epoch 0 windows 8 loss 0.5075']);
    expect(run.machine.view.phase).toBe('saving');
    expect(run.saved(1)).toEqual([
      'save 2 interval with 0 entries',
      'issue 2/1 on previous',
      'assign a #3 train 2/1 v2 [0,1,2,3]',
    ]);
    expect(run.saved(2)).toEqual([]);
    expect(run.closeAlone('a', 3, [0, 1, 2, 3])[1]).toBe('issue 3/1 on previous');
  });

  it('at a multiple are an evaluation’s or the end’s where that has one anyway, and none on a resume', () => {
    const shape = { checkpointEverySteps: 1, evaluateEverySteps: 1, windowsPerEpoch: 800, stepsTotal: 2 };
    const run = Conversation.begun(['a'], shape);
    expect(run.closeAlone('a', 1, [0, 1, 2, 3]).slice(1)).toEqual([
      'record [1,1,0.5075,null] best',
      'save 1 evaluation best with 1 entries',
      'issue 1/1 on previous',
      'assign a #2 train 1/1 v1 [0,1,2,3]',
    ]);
    const resumed = new Conversation({ ...shape, evaluateEverySteps: 0 }, progressAt(1));
    expect(resumed.join('a')).toEqual(['issue 1/1 on previous', 'assign a #1 train 1/1 v1 [0,1,2,3]']);
  });

  it('at a multiple wait for the end of a hold', () => {
    const run = Conversation.begun(['a'], { checkpointEverySteps: 1, windowsPerEpoch: 800 });
    run.hold();
    expect(run.closeAlone('a', 1, [0, 1, 2, 3])).toEqual(['close 0/1 epoch 0 windows 8 loss 0.5075']);
    expect(run.release()[0]).toBe('save 1 interval with 0 entries');
  });

  it('at a multiple wait for the end of a hold that came while another was under way', () => {
    const shape = { checkpointEverySteps: 2, checkpointIntervalMs: 10, windowsPerEpoch: 800, stepsTotal: 9 };
    const run = Conversation.begun(['a'], shape);
    run.at = 10;
    run.closeAlone('a', 1, [0, 1, 2, 3]);
    run.closeAlone('a', 2, [0, 1, 2, 3]);
    expect(run.hold()).toEqual([]);
    expect(run.saved(1)).toEqual([]);
    expect(run.machine.view.phase).toBe('held');
    expect(run.release()[0]).toBe('save 2 interval with 0 entries');
  });

  it('fail the run when they fail', () => {
    const run = Conversation.begun(['a'], { checkpointIntervalMs: 1 });
    run.at = 5;
    expect(run.closeAlone('a', 1, [0, 1, 2, 3])).toContain('save 1 interval with 0 entries');
    expect(run.say({ type: 'save-failed', step: 1, reason: 'no space' })).toEqual([
      'finish failed: the checkpoint of step 1 was not saved: no space',
    ]);
  });
});

describe('a checkpoint that took longer than a step', () => {
  it('is of the step that it was begun at', () => {
    const run = Conversation.begun(['a'], { checkpointIntervalMs: 1, windowsPerEpoch: 800 });
    run.at = 5;
    expect(run.closeAlone('a', 1, [0, 1, 2, 3])).toContain('save 1 interval with 0 entries');
    run.closeAlone('a', 2, [0, 1, 2, 3]);
    expect(run.saved(1)).toEqual([]);
    run.stop();
    expect(run.leave('a')).toEqual(['save 2 stop with 0 entries']);
  });
});
