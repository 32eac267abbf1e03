/** Goal: who names a folder to `support` is told how to give it. Method: the command as it is typed. */
import { status } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { refusal } from '../client/spec-scripted-coordinator.js';
import { folder, rocinante, type } from './spec-command.js';

it('names --run-dir where a folder is given for a run', async () => {
  const instead =
    `rocinante: support ${folder}: expected a coordinator’s run, received a folder; ` +
    `a run’s own directory is given as --run-dir ${folder}\n`;
  const alone = await type(['support', folder, '--coordinator', '127.0.0.1:1']);
  expect(alone).toEqual({ code: 2, stdout: '', stderr: instead });
  const beside = await rocinante(
    { Show: (_call, callback) => callback(refusal(status.NOT_FOUND, `there is no run ${folder}`)) },
    ...['support', folder],
  );
  expect(beside).toEqual({ code: 2, stdout: '', stderr: instead });
});

it('says what the coordinator says of a name that is no folder', async () => {
  const said = await rocinante(
    { Show: (_call, callback) => callback(refusal(status.NOT_FOUND, 'there is no run r9')) },
    ...['support', 'r9'],
  );
  expect(said).toMatchObject({ code: 2, stderr: 'rocinante: there is no run r9\n' });
});
