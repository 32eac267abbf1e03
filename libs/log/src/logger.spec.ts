import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { RocinanteError } from '@rocinante/base';
import { createLogger, createRelay, type Logger, type LoggerOptions } from './logger.js';

interface Written {
  readonly log: Logger;
  readonly text: () => string;
  readonly lines: () => Record<string, unknown>[];
}

function logger(options: Partial<LoggerOptions> = {}): Written {
  let text = '';
  const destination = { write: (more: string) => (text += more) };
  return {
    log: createLogger({ level: 'info', pretty: false, destination, ...options }),
    text: () => text,
    lines: () =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

describe('a log', () => {
  it('is one JSON line an event, with time, level, message and what the event is about', () => {
    const { log, lines } = logger();
    log.child({ run: 'r1', worker: 'a' }).warn({ step: 7 }, 'issued again');
    const [line] = lines();
    expect(line).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      run: 'r1',
      worker: 'a',
      step: 7,
      msg: 'issued again',
    });
  });

  it('leaves out what is below its level', () => {
    const { log, lines } = logger({ level: 'warn' });
    log.info('no');
    log.error('yes');
    expect(lines().map(({ msg }) => msg)).toEqual(['yes']);
  });

  it('never holds a secret, wherever it stands', () => {
    const { log, text } = logger();
    log.child({ joinToken: 'hunter1' }).info(
      {
        password: 'hunter2',
        headers: [{ Authorization: 'Bearer hunter3', accept: '*/*' }],
        tls: { clientSecret: { pem: 'hunter4' }, tokens: ['hunter5'] },
        tokenFile: '/run/token',
      },
      'started',
    );
    expect(text()).not.toContain('hunter');
    expect(text()).toContain('"tokenFile":"/run/token"');
    expect(text()).toContain('"accept":"*/*"');
  });

  it('says whether there are any', () => {
    const { log, lines } = logger();
    log.info({ tokens: true, password: null, token: 4711, tls: { secrets: false } }, 'up');
    expect(lines()[0]).toMatchObject({
      tokens: true,
      password: null,
      token: '[redacted]',
      tls: { secrets: false },
    });
  });

  it('says an error’s code and line, and the stack only where nobody foresaw it', () => {
    const { log, lines } = logger();
    log.error({ err: new RocinanteError('LOST', 1, 'it went away') }, 'over');
    log.error(new TypeError('x is not a function'));
    const [foreseen, unforeseen] = lines();
    expect(foreseen.err).toEqual({ code: 'LOST', message: 'it went away' });
    expect(unforeseen.msg).toBe('x is not a function');
    expect((unforeseen.err as { stack: string }).stack).toContain('logger.spec.ts');
  });

  it('hands each line on as JSON, also where people see it pretty', () => {
    const handed: string[] = [];
    const { log, text } = logger({ pretty: true, onLine: (line) => handed.push(line) });
    log.info({ run: 'r1' }, 'joined');
    expect(text()).toMatch(/^\[\d\d:\d\d:\d\d\] INFO: joined \{"run":"r1"\}\n$/);
    expect(JSON.parse(handed[0])).toMatchObject({ level: 'info', run: 'r1', msg: 'joined' });
    expect(handed[0]).not.toContain('\n');
  });

  it('has said everything when the process ends', () => {
    const code = `import { createLogger } from ${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)};
      for (let i = 0; i < 100; i++) createLogger({ level: 'info' }).info({ i }, 'line');
      process.exit(0);`;
    const { stderr, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
    expect(stderr.trimEnd().split('\n')).toHaveLength(100);
  });
});

describe('lines of other processes', () => {
  const line = '{"level":"warn","time":"2026-11-29T12:00:00.000Z","worker":"liar","msg":"late","token":"x"}';

  function relayed(pretty: boolean, ...lines: readonly string[]): string[] {
    let text = '';
    const relay = createRelay({ pretty, destination: { write: (more) => (text += more) } });
    for (const one of lines) relay(one, 'rucio-0');
    return text.trimEnd().split('\n');
  }

  it('are shown as they are, with whose they are, and without secrets', () => {
    const [event, word] = relayed(false, line, 'I0000 oneDNN is on\u001b[2J').map(
      (shown) => JSON.parse(shown) as object,
    );
    const time = '2026-11-29T12:00:00.000Z';
    expect(event).toEqual({ level: 'warn', time, worker: 'rucio-0', msg: 'late', token: '[redacted]' });
    expect(word).toMatchObject({ level: 'info', worker: 'rucio-0', msg: 'I0000 oneDNN is on\\u001b[2J' });
  });

  it('have the name before them on a terminal', () => {
    const lines = relayed(true, line, 'I0000 oneDNN is on');
    expect(lines[0]).toMatch(/^rucio-0 \[\d\d:\d\d:\d\d\] WARN: late/);
    expect(lines[1]).toMatch(/^rucio-0 \[\d\d:\d\d:\d\d\] INFO: I0000 oneDNN is on/);
  });
});
