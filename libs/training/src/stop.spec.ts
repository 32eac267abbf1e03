// Goal: a stop ends the run soon, with a checkpoint, whatever the run is at.
// Method: conversations, as in machine.spec.ts.
import { describe, expect, it } from 'vitest';
import { Conversation, progressAt } from './conversation.js';

describe('a stop', () => {
  it('lets the step end, saves, and ends the run', () => {
    const run = Conversation.begun(['a']);
    expect(run.stop()).toEqual([]);
    expect(run.closeAlone('a', 1, [0, 1, 2, 3])).toEqual([
      'close 0/1 epoch 0 windows 8 loss 0.5075',
      'save 1 stop with 0 entries',
    ]);
    expect(run.saved(1)).toEqual(['finish stopped: stopped on request after step 1']);
  });

  it('abandons a step that nobody works at', () => {
    const run = Conversation.begun([], {}, progressAt(1));
    run.tick();
    expect(run.stop()).toEqual(['finish stopped: stopped on request after step 1']);
  });

  it('abandons the step when its last worker leaves', () => {
    const run = Conversation.begun(['a']);
    run.closeAlone('a', 1, [0, 1, 2, 3]);
    run.stop();
    expect(run.leave('a')).toEqual(['save 1 stop with 0 entries']);
    expect(run.saved(1)).toEqual(['finish stopped: stopped on request after step 1']);
  });

  it('gives the step up when it is not to wait for it', () => {
    const run = Conversation.accepted();
    run.range('a', 1, 0);
    expect(run.range('b', 2, 0)).toEqual(['add #2 range 0', 'apply 0 of 0/1']);
    expect(run.abandon()).toEqual([]);
    run.stop();
    expect(run.abandon()).toEqual([
      'withdraw a #1',
      'withdraw b #2',
      'finish stopped: stopped on request after step 0',
    ]);
    expect(run.machine.progress.step).toBe(0);
    expect(run.abandon()).toEqual([]);
  });

  it('abandons an evaluation, which is due again on resume', () => {
    const run = new Conversation({ evaluationPieces: 1, evaluationUnits: 2 }, progressAt(2));
    run.join('a');
    expect(run.stop()).toEqual(['withdraw a #1', 'finish stopped: stopped on request after step 2']);
  });

  it('does not begin the evaluation of the step that it waited for', () => {
    const run = Conversation.begun(['a'], { evaluationPieces: 1, evaluationUnits: 2, stepsTotal: 1 });
    run.stop();
    expect(run.closeAlone('a', 1, [0, 1, 2, 3]).slice(1)).toEqual(['save 1 stop with 0 entries']);
    expect(run.saved(1)).toEqual(['finish stopped: stopped on request after step 1']);
  });

  it('says why, where it was said, by the first request', () => {
    const run = Conversation.begun(['a'], {}, progressAt(1));
    run.stop('its 8 hours are over');
    run.stop('another reason');
    expect(run.leave('a')).toEqual(['finish stopped: stopped after step 1: its 8 hours are over']);
  });

  it('waits for the first checkpoint', () => {
    const run = new Conversation();
    expect(run.stop()).toEqual(['save 0 start with 0 entries']);
    expect(run.saved(0)).toEqual(['finish stopped: stopped on request after step 0']);
  });

  it('saves anew where the save under way is of an older state', () => {
    const run = Conversation.begun(['a'], { checkpointIntervalMs: 1, windowsPerEpoch: 800 });
    run.at = 5;
    run.closeAlone('a', 1, [0, 1, 2, 3]);
    run.stop();
    expect(run.closeAlone('a', 2, [0, 1, 2, 3])).toEqual(['close 1/1 epoch 0 windows 8 loss 0.5075']);
    expect(run.saved(1)).toEqual(['save 2 stop with 0 entries']);
    expect(run.saved(2)).toEqual(['finish stopped: stopped on request after step 2']);
  });
});
