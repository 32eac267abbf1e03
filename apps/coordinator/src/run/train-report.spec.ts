import { Writable } from 'node:stream';
import { expect, it, vi } from 'vitest';
import { RunDisplay } from '../display/run-display.js';
import { started, summaryEntry } from '../display/spec-entries.js';
import { NOT_PROVEN } from './exactness.js';
import { RunDirectory } from './run-directory.js';
import { tellDone } from './train-report.js';

it('ends with the commands that go on with the run, and that sample its best weights', () => {
  const stream = new Writable({ write: (_chunk, _encoding, done) => done() });
  const display = new RunDisplay({ terminal: false, stream });
  const lastFall = { nats: 0.0432, sinceStep: 1005 };
  const summary = summaryEntry({ bestStep: 1005, bestValidationLoss: 1.5, lastFall });
  display.entry(started({}));
  display.entry(summary);
  display.finished();
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    tellDone({ summary, exactness: NOT_PROVEN }, new RunDirectory('/runs/my own'), display, false, 'done');
    expect(String(write.mock.calls[0][0]).split('\n').slice(1, 3)).toEqual([
      "best: held-out loss 1.5000 (2.16 bits a character) at step 1,005; its weights: ./rocinante sample '/runs/my own' --which best",
      'the held-out loss was still falling, by 0.0432 since step 1,005; go on with: ' +
        "./rocinante train --resume --run-dir '/runs/my own' --epochs 8",
    ]);
  } finally {
    write.mockRestore();
  }
});
