import { describe, expect, it } from 'vitest';
import { parseAnswer, parseStatus, valueOf } from './service-status.js';

/** host.sh's answer for one service, with some lines changed. */
function status(...lines: string[]): string {
  return ['service=worker', 'bundle=rocinante-1', 'restarts=2', ...lines].join('\n');
}

const joined = 'turn={"level":"info","time":"t","msg":"joined the coordinator at h:7070"}';
const lost = 'turn={"level":"warn","time":"t","msg":"lost the coordinator at h:7070, waiting for it: x"}';
const began = 'turn={"level":"info","time":"t","supervisor":"started","msg":"started from rocinante-1"}';

describe('a service’s status', () => {
  it.each([
    ['running', ['pid=7', 'supervised=yes', joined], true],
    ['running', ['pid=7', 'supervised=yes', lost], false],
    ['running', ['pid=7', 'supervised=yes', began], false],
    [
      'running',
      ['pid=7', 'supervised=yes', 'turn={"level":"info","time":"t","msg":"coordinator is up"}'],
      true,
    ],
    ['restarting', ['supervised=yes', 'ended=1', joined], false],
    ['stopped', ['ended=0', joined], false],
    ['stopped', ['ended=137', 'stopped=yes'], false],
    ['failed', ['ended=2', began], false],
  ])('is %s after %j', (state, lines, connected) => {
    expect(parseStatus(status(...lines))).toMatchObject([
      { service: 'worker', state, connected, restarts: 2 },
    ]);
  });

  it('has the last line as people read it, JSON or not', () => {
    const [said] = parseStatus(status('last={"level":"info","time":"t","msg":"a = b"}'));
    const [complained] = parseStatus(status('last=rocinante: unknown option'));
    expect([said.lastLine, complained.lastLine]).toEqual(['a = b', 'rocinante: unknown option']);
  });

  it('stands among others, after a login shell’s greeting', () => {
    const text = `Welcome to Debian!\nPATH is set\n${status('pid=1')}\n${status().replace('worker', 'coordinator')}\n`;
    expect(parseStatus(text).map(({ service }) => service)).toEqual(['worker', 'coordinator']);
    expect(valueOf(parseAnswer(text), 'bundle')).toBe('rocinante-1');
    expect(parseStatus('')).toEqual([]);
  });
});
