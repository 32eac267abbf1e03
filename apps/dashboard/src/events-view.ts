import { byId, element, setText } from './elements.js';
import { clockShown, dayShown, grouped, timeShown } from './figures.js';
import type { Told } from './shapes.js';

/** Events that are shown at once. */
const SHOWN_MAX = 200;

const CHOICES = [
  ['events-all', true],
  ['events-unusual', false],
] as const;

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

/** What happens in the run, the newest first: all of it, or what does not go by itself. */
export class EventsView {
  readonly #list = element('ol', { class: 'event-list' });
  readonly #none = element('p', { class: 'note' });
  #told: readonly Told[] = [];
  #shown: readonly Told[] = [];
  #isAll = true;

  constructor() {
    byId('events').append(this.#none, this.#list);
    for (const [id, isAll] of CHOICES) byId(id).addEventListener('click', () => this.#choose(isAll));
  }

  /** Another run's, or all of them anew. */
  clear(): void {
    this.#told = this.#shown = [];
    this.#list.replaceChildren();
  }

  show(told: readonly Told[]): void {
    this.#told = told;
    const chosen = told.filter(({ usual }) => this.#isAll || !usual);
    const last = this.#shown.at(-1);
    const known = last === undefined ? -1 : chosen.lastIndexOf(last);
    const further = chosen.slice(known + 1).slice(-SHOWN_MAX);
    if (known < 0) this.#list.replaceChildren();
    this.#shown = chosen;
    this.#none.hidden = chosen.length > 0;
    setText(this.#none, told.length > 0 ? 'Nothing but what is usual.' : 'Nothing has happened yet.');
    if (further.length > 0) this.#list.prepend(...further.map(row).reverse());
    while (this.#list.childElementCount > SHOWN_MAX) this.#list.lastElementChild!.remove();
    if (further.length > 0) this.#nameDays();
  }

  /** The first row of each day says which one it is, unless all are of today. */
  #nameDays(): void {
    let above = new Date().toDateString();
    for (const row of this.#list.children) {
      const { dateTime } = row.querySelector('time')!;
      const day = new Date(dateTime).toDateString();
      if (day === above) row.removeAttribute('data-day');
      else row.setAttribute('data-day', dayShown(dateTime));
      above = day;
    }
  }

  #choose(isAll: boolean): void {
    this.#isAll = isAll;
    for (const [id, own] of CHOICES) byId(id).setAttribute('aria-pressed', String(own === isAll));
    const told = this.#told;
    this.clear();
    this.show(told);
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
