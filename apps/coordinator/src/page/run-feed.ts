import { RunDirectory } from '../run/run-directory.js';
import type { RunLogEntry } from '../run/log/log-entries.js';
import type { StoredRun } from '../daemon/run-store.js';
import type { EventStream } from './event-stream.js';
import { HELD_ENTRIES_MAX } from './page-limits.js';
import { presentOf, shownOf, type PresentParts } from './page-present.js';
import { entryId, readOpening, toldEntry } from './run-opening.js';

/**
 * Tells one page what happens in a run: `opening`, all that has been, or for a page that comes back what it has missed; then
 * each `entry` of the log as it happens, with an id to come back to. A run that has ended may be resumed: it is followed on.
 */
export class RunFeed {
  readonly #parts: PresentParts;
  readonly #stream: EventStream;
  readonly #run: string;
  #unfollow: () => void = () => {};
  /** Entries that come while the log is read; null once it is. */
  #held: RunLogEntry[] | null = [];
  #over = false;

  constructor(parts: PresentParts, stream: EventStream, run: StoredRun) {
    this.#parts = parts;
    this.#stream = stream;
    this.#run = run.id;
  }

  /**
   * Tells the past, and then the present until `end`.
   * @param after the id that the page has seen last; null for none.
   */
  async start(after: string | null): Promise<void> {
    const { store } = this.#parts;
    const { eventsPath } = new RunDirectory(store.directory(this.#run));
    this.#follow();
    // In the same turn as the line above, so that every entry comes once: see `linesOf`.
    const past = await readOpening(this.#run, eventsPath, after);
    if ('missed' in past) {
      for (const { told, id } of past.missed) this.#stream.send({ event: 'entry', data: told, id });
    } else {
      const { id, ...opening } = past;
      const shown = await shownOf(this.#parts, store.find(this.#run), opening.curve);
      // An empty id would make the page forget where it is, which is right: there is nothing yet.
      this.#stream.send({ event: 'opening', data: { shown, ...opening }, id });
    }
    this.#stream.send({
      event: 'present',
      data: await presentOf(this.#parts, store.find(this.#run)),
    });
    const held = this.#held ?? [];
    this.#held = null;
    for (const entry of held) this.#tell(entry);
  }

  /** Whether the past is told. */
  get isOpen(): boolean {
    return this.#held === null;
  }

  end(): void {
    this.#over = true;
    this.#unfollow();
  }

  #follow(): void {
    this.#unfollow = this.#parts.hub.follow(this.#run, {
      entry: (entry) => this.#entry(entry),
      ended: () => {
        if (!this.#over) this.#follow();
      },
    });
  }

  #entry(entry: RunLogEntry): void {
    if (this.#held === null) return this.#tell(entry);
    this.#held.push(entry);
    if (this.#held.length > HELD_ENTRIES_MAX) this.#stream.cut();
  }

  #tell(entry: RunLogEntry): void {
    const id = entryId(this.#run, JSON.stringify(entry));
    this.#stream.send({ event: 'entry', data: toldEntry(entry), id });
  }
}
