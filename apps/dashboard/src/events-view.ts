import { byId, element } from './elements.js';
import { clockShown, grouped, timeShown } from './figures.js';
import type { Told } from './shapes.js';

/** Events that are shown at once. */
const SHOWN_MAX = 200;

/** Entries that a person should look at. */
const WARNINGS: ReadonlySet<string> = new Set([
  'worker-parked',
  'not-exact',
  'strike',
  'set-aside',
  'went-back',
  'held',
  'store-lost',
  'checkpoint-passed-over',
]);

/** What happens in the run, the newest first. */
export class EventsView {
  readonly #list = element('ol', { class: 'event-list' });
  readonly #none = element('p', { class: 'note' }, 'Nothing has happened yet.');
  #shown: readonly Told[] = [];

  constructor() {
    byId('events').append(this.#none, this.#list);
  }

  /** Another run's, or all of them anew. */
  clear(): void {
    this.#shown = [];
    this.#list.replaceChildren();
  }

  show(told: readonly Told[]): void {
    const last = this.#shown.at(-1);
    const known = last === undefined ? -1 : told.lastIndexOf(last);
    const further = told.slice(known + 1).slice(-SHOWN_MAX);
    if (known < 0) this.#list.replaceChildren();
    this.#shown = [...told];
    this.#none.hidden = told.length > 0;
    if (further.length > 0) this.#list.prepend(...further.map(row).reverse());
    while (this.#list.childElementCount > SHOWN_MAX) this.#list.lastElementChild!.remove();
  }
}

function row({ entry, text }: Told): HTMLElement {
  const step = 'atStep' in entry ? entry.atStep : null;
  const isLost = entry.event === ('worker-left' as string) && (entry as { lost?: boolean }).lost === true;
  const hasFailed =
    entry.event === ('finished' as string) && (entry as { outcome?: string }).outcome === 'failed';
  const kind = hasFailed || isLost ? 'bad' : WARNINGS.has(entry.event) ? 'warning' : undefined;
  return element(
    'li',
    { 'data-kind': kind },
    element('time', { datetime: entry.time, title: timeShown(entry.time) }, clockShown(entry.time)),
    element(
      'span',
      { class: 'event-text' },
      ...(entry.worker ? [element('span', { class: 'event-worker' }, entry.worker), ' '] : []),
      text ?? '',
      element('span', { class: 'event-step' }, step === null || step === 0 ? '' : `step ${grouped(step)}`),
    ),
  );
}
