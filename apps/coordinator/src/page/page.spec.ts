/** Goal: who is served what, and what follows. Method: the page over a real port, with a coordinator's parts behind it. */
import { mkdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Holder } from '@rocinante/access';
import { serveHttp, type HttpServer } from '@rocinante/http';
import type { AuditedAct } from '../daemon/audit-log.js';
import { smallRun, SpecCoordinator, textSha256 } from '../daemon/spec-coordinator.js';
import { EventLog } from '../run/log/event-log.js';
import { RunDirectory } from '../run/run-directory.js';
import { STREAMS_PER_HOLDER_MAX } from './page-limits.js';
import { Page, type PageParts } from './page.js';
import { WorkerPhases } from './worker-phases.js';

let coordinator: SpecCoordinator;
let page: Page;
let server: HttpServer;
let acts: AuditedAct[];
/** What was said of refusals, and of runs that could not be read. */
let told: string[];
let unreadable: string[];
const tokens = new Map<string, Holder>([
  ['r', { name: 'ana', role: 'reader' }],
  ['o', { name: 'otto', role: 'operator' }],
  ['w', { name: 'card', role: 'worker' }],
]);

/** @param withTokens whether the coordinator has a book of tokens. */
async function serve(withTokens: boolean): Promise<void> {
  const { store, contents, hub, scheduler, service, audit } = coordinator;
  vi.spyOn(audit, 'acted').mockImplementation((act) => acts.push(act));
  const parts: PageParts = {
    ...{ store, contents, hub, scheduler, service },
    boundBy: () => 'compute',
    stepPhases: () => null,
    workerPhases: new WorkerPhases(() => service.sessions),
    holderOf: withTokens ? (token) => tokens.get(token) ?? null : null,
    audit,
    dropped: (code, message, client) => {
      coordinator.dropped.push(code);
      told.push(`${message} by ${client}`);
    },
    onFatal: (error) => coordinator.fatal.push(error),
    unreadable: (run, error) => unreadable.push(`${run}: ${error.message}`),
  };
  page = new Page(parts);
  const { guard, unknown } = page;
  server = await serveHttp('127.0.0.1:0', page.routes, {
    ...(guard && { guard, unknown }),
    onError: (error) => coordinator.fatal.push(error),
  });
}

beforeEach(async () => {
  acts = [];
  told = [];
  unreadable = [];
  coordinator = await SpecCoordinator.open();
});
afterEach(async () => {
  page.close();
  await server.stop();
  await coordinator.remove();
  expect(coordinator.fatal).toEqual([]);
});

/** A run that is active, and waits for workers. */
async function begin(): Promise<void> {
  coordinator.scheduler.queued(await coordinator.store.create(smallRun));
}

const url = (path: string): string => `http://${server.address}${path}`;
const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url(path), { headers, redirect: 'manual' });

function post(path: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  const own = { origin: `http://${server.address}`, 'content-type': 'application/json' };
  return fetch(url(path), { method: 'POST', body, headers: { ...own, ...headers }, redirect: 'manual' });
}

const order = (path: string, body: object, headers = {}): Promise<Response> =>
  post(path, JSON.stringify(body), headers);

const form = { 'content-type': 'application/x-www-form-urlencoded' };

async function logIn(token: string): Promise<Record<string, string>> {
  const answer = await post('/login', `token=${token}`, form);
  expect(answer.status).toBe(303);
  return { cookie: answer.headers.get('set-cookie')!.split(';')[0] };
}

/** Reads a stream's events until one is as wanted. */
async function eventsUntil(
  response: Response,
  isLast: (event: { event: string; data: never; id: string | null }) => boolean,
): Promise<{ event: string; data: never; id: string | null }[]> {
  const found: { event: string; data: never; id: string | null }[] = [];
  let text = '';
  for await (const piece of response.body!) {
    text += Buffer.from(piece).toString('utf8');
    const blocks = text.split('\n\n');
    text = blocks.pop()!;
    for (const block of blocks) {
      const field = (name: string): string | null =>
        new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? null;
      const event = field('event');
      if (event === null) continue;
      found.push({ event, data: JSON.parse(field('data')!) as never, id: field('id') });
      if (isLast(found.at(-1)!)) return found;
    }
  }
  return found;
}

describe('a page without tokens', () => {
  beforeEach(() => serve(false));

  it('has a strict policy on every answer', async () => {
    for (const path of ['/api/about', '/api/runs', '/api/runs/r9', '/assets/none.js', '/']) {
      const { headers } = await get(path);
      expect(headers.get('content-security-policy')).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
          "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      );
      expect(headers.get('referrer-policy')).toBe('same-origin');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  it('works for no other site’s page', async () => {
    for (const path of ['/api/runs', '/api/events', '/api/weights/r1']) {
      expect((await get(path, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    }
    // A link from elsewhere may lead to the page, which is a file.
    expect((await get('/', { 'sec-fetch-site': 'cross-site' })).status).not.toBe(403);
    expect((await get('/api/runs', { 'sec-fetch-site': 'none' })).status).toBe(200);
  });

  it('takes orders, but from itself only', async () => {
    const start = { preset: 'quick', text: textSha256, name: 'one', steps: 5, batch: 4, microBatch: 2 };
    await begin();
    for (const headers of [
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
    ]) {
      expect((await order('/api/start', start, headers)).status).toBe(403);
    }
    expect(coordinator.dropped).toEqual(Array(3).fill('FOREIGN_ORIGIN'));
    expect(told[0]).toMatch(/^127\.0\.0\.1:\d+: POST \/api\/start: an order: expected one from.* by node$/);
    const answer = await order('/api/start', start);
    expect(await answer.json()).toMatchObject({ id: 'r2', name: 'one', state: 'queued', queuePosition: 1 });
    expect(await (await order('/api/stop', { run: 'one', reason: 'enough' })).json()).toMatchObject({
      state: 'stopped',
      reason: 'enough',
    });
    expect(await (await order('/api/resume', { run: 'r2', steps: 9, patience: 4 })).json()).toMatchObject({
      state: 'queued',
    });
    expect(acts.map(({ act, actor, what, failure }) => [act, actor.client, what, failure])).toEqual([
      ['start', 'node', 'r2', null],
      ['stop', 'node', 'one', null],
      ['resume', 'node', 'r2', null],
    ]);
    expect(coordinator.store.find('r2').config).toMatchObject({
      steps: 9,
      batch: { size: 4, microBatch: 2 },
      earlyStopping: { patience: 4, minDelta: 0 },
    });
  });

  it.each([
    ['start', {}, 400, 'an order: preset: '],
    ['start', { preset: 'quick', text: 'bundled', lines: 1 }, 400, 'an order: Unrecognized key: "lines"'],
    ['start', { preset: 'quick', text: textSha256, batch: 3, microBatch: 2 }, 400, ''],
    ['start', { preset: 'quick', text: 'f'.repeat(64) }, 400, 'text: expected one that this coordinator has'],
    ['start', { preset: 'quick', text: '../contents' }, 400, 'text: expected one that this coordinator has'],
    ['stop', { run: 'r9' }, 404, 'there is none of this id or name'],
    [
      'stop',
      { run: '../r1' },
      400,
      'run: expected an id, or a name of at most 64 characters, received "../r1"',
    ],
    ['resume', { run: 'r9', steps: 0 }, 400, 'an order: steps: '],
    ['resume', { run: 'r9', patience: 0 }, 400, 'an order: patience: '],
  ])('refuses %s of %j', async (action, body, status, message) => {
    const answer = await order(`/api/${action}`, body);
    expect(((await answer.json()) as { error: string }).error).toContain(message);
    expect(answer.status).toBe(status);
  });

  it('counts a run’s name that leads elsewhere, whatever is asked of it', async () => {
    const away = '..%2f..%2fetc';
    const answers = [
      await get(`/api/runs/${away}`),
      await get(`/api/weights/${away}`),
      await order('/api/resume', { run: '../../etc' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400]);
    expect(coordinator.dropped).toEqual(['RUN_NAME', 'RUN_NAME', 'RUN_NAME']);
    for (const line of told) {
      expect(line).toMatch(
        /^127\.0\.0\.1:\d+: (GET|POST) \/api\/\S+: run: expected an id, .*"\.\.\/\.\.\/etc" by node$/,
      );
    }
  });

  it('refuses what is no JSON', async () => {
    expect((await post('/api/stop', '{')).status).toBe(400);
    expect((await post('/api/stop', 'run=r1', form)).status).toBe(400);
    expect((await get('/api/stop')).status).toBe(405);
  });

  it('tells of a run what `run show --json` tells', async () => {
    await begin();
    expect(await (await get('/api/runs/r1')).json()).toMatchObject({
      id: 'r1',
      corpus: { name: 'mancha.txt', sha256: textSha256 },
      curve: [],
      workerShares: [],
    });
    expect(await (await get('/api/runs')).json()).toMatchObject({ runs: [{ id: 'r1' }], leftOut: 0 });
    expect((await get('/api/runs/r7')).status).toBe(404);
    expect((await get('/api/runs/%')).status).toBe(404);
    const weights = await get('/api/weights/r1?which=final');
    expect(weights.status).toBe(409);
    expect(await weights.json()).toMatchObject({ code: 'WRONG_STATE' });
  });

  it('tells what happens, and goes on without a gap where a page comes back', async () => {
    const { id } = await coordinator.store.create(smallRun);
    const directory = new RunDirectory(coordinator.store.directory(id));
    const log = new EventLog(directory.eventsPath, 0);
    log.onEntry = (entry) => coordinator.hub.publish(id, entry);
    log.noticed('one');
    const first = await get(`/api/events?run=${id}`);
    const events = await eventsUntil(first, ({ event, data }) => {
      if (event === 'opening') log.noticed('two');
      return event === 'entry' && data['text'] === 'two';
    });
    expect(events[0]).toMatchObject({ event: 'list', data: { runs: [{ id }] } });
    expect(events.find(({ event }) => event === 'opening')).toMatchObject({
      data: { shown: { id, config: smallRun.config }, told: [{ text: 'one' }], curve: [] },
    });
    expect(events.filter(({ event }) => event === 'entry')).toHaveLength(1);
    log.noticed('three');
    log.noticed('four');
    const again = await get(`/api/events?run=${id}`, { 'last-event-id': events.at(-1)!.id! });
    const missed = await eventsUntil(
      again,
      ({ event, data }) => event === 'entry' && data['text'] === 'four',
    );
    const said = missed.filter(({ event }) => event === 'entry').map(({ data }) => data['text'] as string);
    expect(said).toEqual(['three', 'four']);
    expect(missed.some(({ event }) => event === 'opening')).toBe(false);
    log.close();
  });

  it('tells a page whose run is not there, and goes on with the list', async () => {
    const events = await eventsUntil(await get('/api/events?run=r7'), ({ event }) => event === 'gone');
    expect(events.at(-1)!.data).toEqual({ message: 'run "r7": there is none of this id or name' });
    expect(unreadable).toEqual([]);
  });

  it('has the log say why a run cannot be read, where it tells the page that it does', async () => {
    const { id } = await coordinator.store.create(smallRun);
    // A folder in a file's place is what the system does not read, as a disk that fails.
    mkdirSync(new RunDirectory(coordinator.store.directory(id)).eventsPath);
    const events = await eventsUntil(await get(`/api/events?run=${id}`), ({ event }) => event === 'gone');
    expect(events.at(-1)!.data).toEqual({ message: 'this run cannot be read; the log says why' });
    expect(unreadable).toEqual([expect.stringMatching(/^r1: EISDIR/)]);
  });
});

describe('a page with tokens', () => {
  beforeEach(() => serve(true));

  it('shows whoever is not known a page to log in, and nothing else', async () => {
    const answer = await get('/', { accept: 'text/html,*/*' });
    expect(answer.status).toBe(401);
    expect(await answer.text()).toContain('<input id="token" name="token" type="password"');
    const policy = answer.headers.get('content-security-policy')!;
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/]{43}='; img-src/);
    for (const path of [...page.routes.keys()].filter((path) => !path.startsWith('POST '))) {
      const { status } = await get(path.replace('*', 'x'));
      expect([path, status]).toEqual([path, 401]);
    }
    for (const path of [...page.routes.keys()].filter((path) => path.startsWith('POST '))) {
      const { status } = await order(path.slice('POST '.length), {}, path.endsWith('login') ? form : {});
      expect([path, status]).toEqual([path, 401]);
    }
  });

  it.each(['nobody', 'w', '', 'a'.repeat(600)])('logs nobody in by %j', async (token) => {
    const answer = await post('/login', `token=${token}`, form);
    expect(answer.status).toBe(401);
    expect(await answer.text()).toContain('This is no reader’s and no operator’s token.');
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect(coordinator.dropped).toEqual(['UNAUTHENTICATED']);
    expect(told[0]).toMatch(/^127\.0\.0\.1:\d+: POST \/login: expected a reader’s or an operator’s token/);
  });

  it('logs in by its own form only', async () => {
    expect((await post('/login', 'token=o', { ...form, origin: 'http://evil.example' })).status).toBe(401);
    expect((await post('/login', '{"token":"o"}')).status).toBe(415);
  });

  it('lets readers read, and operators order', async () => {
    const reader = await logIn('r');
    expect(await (await get('/api/about', reader)).json()).toMatchObject({
      holder: { name: 'ana', role: 'reader' },
      mayOrder: false,
    });
    for (const path of [...page.routes.keys()].filter(
      (path) => page.routes.get(path)!.needs === 'operator',
    )) {
      const isPost = path.startsWith('POST ');
      const answer = isPost ? order(path.slice(5), {}, reader) : get(path.replace('*', 'r1'), reader);
      expect([path, (await answer).status]).toEqual([path, 403]);
    }
    const operator = await logIn('o');
    expect((await order('/api/stop', { run: 'r1' }, operator)).status).toBe(404);
    expect(acts).toMatchObject([{ act: 'stop', actor: { holder: { name: 'otto' } }, what: 'r1' }]);
    expect(acts[0].actor.peer).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(acts[0].failure!.message).toContain('there is none of this id');
  });

  it('lets one holder follow so often, and others too; one that ends makes room', async () => {
    const [ana, otto] = [await logIn('r'), await logIn('o')];
    const following: Response[] = [];
    for (let count = 0; count < STREAMS_PER_HOLDER_MAX; count++)
      following.push(await get('/api/events', ana));
    const refused = await get('/api/events', ana);
    expect([refused.status, refused.headers.get('connection')]).toEqual([503, 'close']);
    expect(await refused.text()).toBe('ana has 16 pages that follow already; try again later\n');
    following.push(await get('/api/events', otto));
    expect(following.map(({ status }) => status)).toEqual(following.map(() => 200));
    await following[0].body!.cancel();
    const status = async (): Promise<number> => {
      following.push(await get('/api/events', ana));
      return following.at(-1)!.status;
    };
    await expect.poll(status, { timeout: 20_000 }).toBe(200);
    await Promise.all(following.slice(1).map(({ body }) => body!.cancel()));
  });

  it('lets go who logs out', async () => {
    const reader = await logIn('r');
    const answer = await post('/logout', '', { ...form, ...reader });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/']);
    expect(answer.headers.get('set-cookie')).toMatch(/=; Max-Age=0;/);
    expect((await get('/api/runs', reader)).status).toBe(401);
  });
});
