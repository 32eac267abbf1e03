import {
  line,
  type Guard,
  type HttpAnswer,
  type HttpRequest,
  type Route,
  type Routes,
} from '@rocinante/http';
import type { Refusal } from '@rocinante/metrics';
import { RunStoreError } from '../daemon/errors.js';
import { RunDirectory } from '../run/run-directory.js';
import { presets } from '../presets.js';
import { VERSION } from '../version.js';
import { EventStream } from './event-stream.js';
import { loginPage } from './login-page.js';
import { PageFiles } from './page-files.js';
import { guarded, json } from './page-headers.js';
import {
  PRESENT_INTERVAL_MS,
  SHOWN_PATH_LENGTH_MAX,
  STREAMS_MAX,
  STREAMS_PER_HOLDER_MAX,
  TOKEN_LENGTH_MAX,
} from './page-limits.js';
import { failureAnswer, PageOrders, type PageOrderParts } from './page-orders.js';
import { listOf, shownOf } from './page-present.js';
import { PageSessions, type HolderOf } from './page-sessions.js';
import { PageStream, type PageStreamParts } from './page-stream.js';
import { textsOf } from './page-texts.js';
import { pictureOf } from './run-list.js';
import { readOpening } from './run-opening.js';
import { foreignOrigin, foreignSite } from './same-origin.js';

export interface PageParts extends PageStreamParts, PageOrderParts {
  /** Who holds a token; null where the coordinator has no tokens, and is open to whoever reaches it. */
  readonly holderOf: HolderOf | null;
  /** A page was cut off, or a request refused. */
  readonly dropped: (code: Refusal, message: string, client: string | null) => void;
  readonly files?: PageFiles;
}

/** The live page: its files, what it asks, what it follows, what operators order with it, and who may. */
export class Page {
  readonly #parts: PageParts;
  readonly #files: PageFiles;
  readonly #orders: PageOrders;
  readonly #sessions: PageSessions | null;
  /** With the name of the token by which each is followed; null where nobody is asked for one. */
  readonly #streams = new Map<PageStream, string | null>();
  readonly #ticks: NodeJS.Timeout;

  constructor(parts: PageParts) {
    this.#parts = parts;
    this.#files = parts.files ?? new PageFiles();
    this.#orders = new PageOrders(parts, (request, error) => this.#failed(request, error));
    this.#sessions = parts.holderOf && new PageSessions(parts.holderOf, () => performance.now());
    this.#ticks = setInterval(() => this.#tick(), PRESENT_INTERVAL_MS).unref();
  }

  /** Knows who asks by the cookie of a login; null without tokens. */
  get guard(): Guard | null {
    return this.#sessions?.guard ?? null;
  }

  /** What is served, and to whom. All but `POST /login` is for readers or operators. */
  get routes(): Routes {
    const routes: [string, Route['needs'], Route['answer']][] = [
      ['/', 'reader', () => this.#file('index.html')],
      ['/assets/*', 'reader', ({ rest }) => this.#file(`assets/${rest}`)],
      ['/api/about', 'reader', ({ holder }) => this.#about(holder)],
      ['/api/runs', 'reader', () => json(200, listOf(this.#parts))],
      ['/api/runs/*', 'reader', (request) => this.#run(request)],
      ['/api/events', 'reader', (request) => this.#follow(request)],
      ['/api/weights/*', 'operator', (request) => this.#weights(request)],
      ['POST /api/start', 'operator', (request) => this.#orders.start(request)],
      ['POST /api/stop', 'operator', (request) => this.#orders.stop(request)],
      ['POST /api/resume', 'operator', (request) => this.#orders.resume(request)],
      ['POST /login', 'open', (request) => this.#logIn(request)],
      ['POST /logout', 'reader', (request) => this.#logOut(request)],
    ];
    return new Map(
      routes.map(([path, needs, answer]) => [
        path,
        { needs, answer: async (request) => guarded(this.#refusal(request) ?? (await answer(request))) },
      ]),
    );
  }

  /** What whoever is not known gets in place of the page; null for anything else than the page. */
  readonly unknown = (request: HttpRequest): HttpAnswer | null => {
    const takesPages = (request.header('accept') ?? '').includes('text/html');
    const wantsPage = request.method !== 'POST' && request.path === '/' && takesPages;
    return wantsPage ? guarded(loginPage(null)) : null;
  };

  /** Ends every stream: an answer that never ends would keep the server from ending. */
  close(): void {
    clearInterval(this.#ticks);
    for (const stream of this.#streams.keys()) stream.end();
  }

  /** Why a request is refused whoever sends it; null where it is not. */
  #refusal(request: HttpRequest): HttpAnswer | null {
    const isAsked = request.path.startsWith('/api/') && request.method !== 'POST';
    const asker = isAsked ? foreignSite(request) : null;
    if (asker !== null) {
      this.#refused('FOREIGN_ORIGIN', request, asker);
      return line(403, asker);
    }
    const foreign = request.method === 'POST' ? foreignOrigin(request) : null;
    if (foreign === null) return null;
    this.#refused('FOREIGN_ORIGIN', request, foreign);
    // Whoever is not known is told so first, whatever else is wrong.
    return line(this.#sessions !== null && request.holder === null ? 401 : 403, foreign);
  }

  #refused(code: Refusal, { peer, client, method, path }: HttpRequest, why: string): void {
    this.#parts.dropped(code, `${peer}: ${method} ${path.slice(0, SHOWN_PATH_LENGTH_MAX)}: ${why}`, client);
  }

  #file(name: string): HttpAnswer {
    return this.#files.find(name) ?? line(404, 'the page has no such file');
  }

  /** What the page is: who looks at it, and what can be begun from here. */
  #about(holder: HttpRequest['holder']): HttpAnswer {
    return json(200, {
      version: VERSION,
      holder,
      mayOrder: holder === null || holder.role === 'operator',
      presets,
      texts: textsOf(this.#parts),
    });
  }

  /** What whoever asked is told of what failed. A name that leads elsewhere is counted, as in a call. */
  #failed(request: HttpRequest, error: unknown): HttpAnswer {
    if (error instanceof RunStoreError && error.code === 'RUN_NAME')
      this.#refused('RUN_NAME', request, error.message);
    return failureAnswer(error);
  }

  async #run(request: HttpRequest): Promise<HttpAnswer> {
    try {
      const run = this.#parts.store.find(decoded(request.rest));
      const { eventsPath } = new RunDirectory(this.#parts.store.directory(run.id));
      const past = await readOpening(run.id, eventsPath, null);
      const curve = 'curve' in past ? past.curve.map(({ step, loss }) => ({ step, loss })) : [];
      return json(200, await shownOf(this.#parts, run, curve));
    } catch (error) {
      return this.#failed(request, error);
    }
  }

  async #weights(request: HttpRequest): Promise<HttpAnswer> {
    try {
      const { weightsAnswer } = await import('./weights-answer.js');
      const run = this.#parts.store.find(decoded(request.rest));
      const which = request.query.get('which') ?? 'final';
      const directory = new RunDirectory(this.#parts.store.directory(run.id));
      const pull = (): Promise<HttpAnswer> => weightsAnswer(run, directory, which);
      return await this.#parts.audit.carryOut('pull', request, `${run.id} (${which})`, pull);
    } catch (error) {
      return this.#failed(request, error);
    }
  }

  #follow(request: HttpRequest): HttpAnswer {
    if (request.method === 'HEAD') return { status: 200, contentType: 'text/event-stream', body: '' };
    const holder = request.holder?.name ?? null;
    const crowded = this.#crowded(holder);
    if (crowded !== null) {
      const headers = { 'Retry-After': '30', Connection: 'close' };
      return { ...line(503, `${crowded}; try again later`), headers };
    }
    const stream = new EventStream(
      () => {
        pageStream.close();
        this.#streams.delete(pageStream);
      },
      (message) => this.#parts.dropped('TIMEOUT', message, request.client),
    );
    const pageStream = new PageStream(this.#parts, stream, request.query.get('run'));
    this.#streams.set(pageStream, holder);
    pageStream.start(request.header('last-event-id') ?? request.query.get('after'));
    return { status: 200, contentType: 'text/event-stream; charset=utf-8', body: stream.body };
  }

  /** Why nobody else may follow in this name; null where he may. */
  #crowded(holder: string | null): string | null {
    if (this.#streams.size >= STREAMS_MAX) return `${STREAMS_MAX} pages follow already`;
    if (holder === null) return null;
    const own = [...this.#streams.values()].filter((name) => name === holder).length;
    return own < STREAMS_PER_HOLDER_MAX
      ? null
      : `${holder} has ${STREAMS_PER_HOLDER_MAX} pages that follow already`;
  }

  #tick(): void {
    if (this.#streams.size === 0) return;
    const list = pictureOf(listOf(this.#parts));
    for (const stream of this.#streams.keys()) stream.tick(list);
  }

  #logIn(request: HttpRequest): HttpAnswer {
    if (this.#sessions === null)
      return line(404, 'this coordinator has no tokens: there is nothing to log in to');
    const type = request.header('content-type')?.split(';', 1)[0].trim();
    if (type !== 'application/x-www-form-urlencoded') return line(415, 'expected a form');
    const token = new URLSearchParams(Buffer.from(request.body).toString('utf8')).get('token')?.trim() ?? '';
    const session = token.length <= TOKEN_LENGTH_MAX ? this.#sessions.open(token, request) : null;
    if (session !== null) return seeOther(session);
    this.#refused('UNAUTHENTICATED', request, 'expected a reader’s or an operator’s token, received another');
    return loginPage('This is no reader’s and no operator’s token.');
  }

  #logOut(request: HttpRequest): HttpAnswer {
    return seeOther(this.#sessions?.close(request) ?? null);
  }
}

/** On to the page, with another cookie. */
function seeOther(cookie: string | null): HttpAnswer {
  return {
    ...line(303, 'see /'),
    headers: { Location: '/', ...(cookie !== null && { 'Set-Cookie': cookie }) },
  };
}

/** A name in a path; what is not encoded well is no run's name. */
function decoded(rest: string): string {
  try {
    return decodeURIComponent(rest);
  } catch {
    return rest;
  }
}
