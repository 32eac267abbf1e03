import { RocinanteError } from '@rocinante/base';
import type { StoredRun } from '../daemon/run-store.js';
import { isExpected } from '../errors.js';
import type { EventStream } from './event-stream.js';
import { listOf, presentOf, type PresentParts } from './page-present.js';
import { RunFeed } from './run-feed.js';
import { changeOf, pictureOf, type ListPicture } from './run-list.js';

export interface PageStreamParts extends PresentParts {
  /** Told of a programmer's error. */
  readonly onFatal: (error: unknown) => void;
  /** Told of what the system refused where a run is read: the page says no more than that the log has it. */
  readonly unreadable: (run: string, error: Error) => void;
}

/** What one page follows: the list of runs, and all that happens in one of them. */
export class PageStream {
  readonly #parts: PageStreamParts;
  readonly #stream: EventStream;
  readonly #reference: string | null;
  #feed: RunFeed | null = null;
  #run: string | null = null;
  #toldList: ListPicture | null = null;
  #toldPresent = '';
  #looking = false;

  /** @param run by id or name; null to follow the list alone. */
  constructor(parts: PageStreamParts, stream: EventStream, run: string | null) {
    this.#parts = parts;
    this.#stream = stream;
    this.#reference = run;
  }

  /** @param after the id of the last entry that the page has; null for none. */
  start(after: string | null): void {
    this.tick(pictureOf(listOf(this.#parts)));
    const run = this.#find();
    if (run === null) return;
    this.#run = run.id;
    this.#feed = new RunFeed(this.#parts, this.#stream, run);
    this.#feed.start(after || null).catch((error: unknown) => this.#failed(error));
  }

  /** Tells what has changed. @param list of runs, the same for all pages. */
  tick(list: ListPicture): void {
    if (this.#stream.isOver || this.#stream.isBusy) return;
    const change = changeOf(this.#toldList, list);
    this.#toldList = list;
    if (change !== null) this.#stream.send({ event: 'list', data: change });
    if (this.#run !== null && this.#feed?.isOpen && !this.#looking) void this.#present(this.#run);
  }

  end(): void {
    this.close();
    this.#stream.end();
  }

  /** The page is gone. */
  close(): void {
    this.#feed?.end();
  }

  async #present(id: string): Promise<void> {
    this.#looking = true;
    try {
      const present = JSON.stringify(await presentOf(this.#parts, this.#parts.store.find(id)));
      if (present === this.#toldPresent || this.#stream.isOver) return;
      this.#toldPresent = present;
      this.#stream.send({ event: 'present', data: JSON.parse(present) as unknown });
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#looking = false;
    }
  }

  #find(): StoredRun | null {
    if (this.#reference === null) return null;
    try {
      return this.#parts.store.find(this.#reference);
    } catch (error) {
      this.#failed(error);
      return null;
    }
  }

  /** The run is not there, or was removed: the page is told, and follows the list alone. */
  #failed(error: unknown): void {
    const run = this.#run ?? this.#reference ?? '';
    this.#feed?.end();
    this.#feed = null;
    this.#run = null;
    if (!isExpected(error)) this.#parts.onFatal(error);
    else if (!(error instanceof RocinanteError)) this.#parts.unreadable(run, error);
    const message =
      error instanceof RocinanteError ? error.message : 'this run cannot be read; the log says why';
    this.#stream.send({ event: 'gone', data: { message } });
  }
}
