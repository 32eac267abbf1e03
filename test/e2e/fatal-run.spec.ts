/** A run that the coordinator does not outlast, again and again: it is given up, and whoever resumes it begins the count anew. */
import { afterAll, expect, it } from 'vitest';
import { Daemon, until } from '../support/daemon.js';
import { Workspace } from '../support/rocinante.js';
import { smallOrder } from '../support/small-run.js';

const workspace = new Workspace();
let daemon: Daemon | null = null;

afterAll(async () => {
  await daemon?.end();
  workspace.remove();
});

it('is activated three times, and then no more', { timeout: 240_000 }, async () => {
  daemon = await Daemon.start({ data: workspace.in('data') });
  // Nobody works for it, so that it gets no further.
  const { id } = await daemon.startRun(smallOrder(workspace, 10));
  for (const activation of [1, 2, 3]) {
    await until(`activation ${activation}`, () => daemon!.record(id).unfinishedActivations === activation);
    const times = (): number => daemon!.events(id).filter(({ event }) => event === 'started').length;
    await until('its beginning', () => times() === activation);
    await daemon.stop('SIGKILL');
    daemon = await daemon.again();
  }
  const failed = await daemon.ended(id);
  expect(failed.state).toBe('failed');
  expect(failed.reason).toMatch(/^the coordinator ended 3 times in a row while the run was active/);
  await daemon.json(['run', 'resume', id]);
  await until('its next activation', () => daemon!.record(id).unfinishedActivations === 1);
  await until(
    'it to wait for workers',
    async () => (await daemon!.summary(id)).state === 'RUN_STATE_WAITING',
  );
});
