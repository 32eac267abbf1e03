import { byId, element, KeyedList, setText } from './elements.js';
import { counted, grouped, lossShown } from './figures.js';
import type { RunJson, RunListJson } from '@rocinante/run-json';

const ACTIVE = ['waiting', 'running', 'held', 'stopping'];

/** A group of the list of runs: its heading, and which runs are in it. */
const GROUPS: readonly (readonly [title: string, isIn: (run: RunJson) => boolean])[] = [
  ['Active', ({ state }) => ACTIVE.includes(state)],
  ['Queue', ({ state }) => state === 'queued'],
  ['Ended', ({ state }) => state !== 'queued' && !ACTIVE.includes(state)],
];

/** All runs, in the order of the coordinator: active ones, the queue, ended ones. */
export class RunsView {
  readonly #groups: {
    readonly root: HTMLElement;
    readonly list: KeyedList<RunJson>;
    readonly isIn: (run: RunJson) => boolean;
  }[];
  readonly #leftOut = element('p', { class: 'note' });
  #selected: string | null = null;

  constructor() {
    this.#groups = GROUPS.map(([title, isIn]) => {
      const items = element('ul');
      const id = `runs-${title.toLowerCase()}`;
      items.setAttribute('aria-labelledby', id);
      const root = element('div', { class: 'group' }, element('h3', { id }, title), items);
      byId('runs').append(root);
      return { root, list: new KeyedList<RunJson>(items, (run) => this.#row(run)), isIn };
    });
    byId('runs').append(this.#leftOut);
    const wide = window.matchMedia('(min-width: 900px)');
    const fold = byId('runs-fold') as HTMLDetailsElement;
    const unfold = (): void => void (fold.open = wide.matches);
    unfold();
    wide.addEventListener('change', unfold);
  }

  show({ runs, leftOut }: RunListJson, selected: string | null): void {
    this.#selected = selected;
    setText(byId('runs-count'), grouped(runs.length + leftOut));
    for (const { root, list, isIn } of this.#groups) {
      const own = runs.filter(isIn);
      root.hidden = own.length === 0;
      list.show(own.map((run) => [run.id, run]));
    }
    setText(this.#leftOut, leftOut === 0 ? '' : `and ${counted(leftOut, 'run')} that ended earlier`);
  }

  #row(run: RunJson): { root: Element; update(run: RunJson): void } {
    const name = element('span', { class: 'run-name' });
    const state = element('span', { class: 'run-state' });
    const figures = element('span', { class: 'run-figures' });
    const bar = element('span', { class: 'run-bar' });
    const link = element('a', { href: `#${run.id}` }, name, state, figures, bar);
    return {
      root: element('li', {}, link),
      update: (run) => {
        setText(name, run.name);
        name.title = run.name;
        setText(state, run.queuePosition === null ? run.state : `${run.state}, ${run.queuePosition}`);
        state.dataset.state = run.state;
        setText(figures, figuresOf(run));
        bar.style.setProperty('--done', String(run.stepsTotal ? run.step / run.stepsTotal : 0));
        if (run.id === this.#selected) link.setAttribute('aria-current', 'page');
        else link.removeAttribute('aria-current');
      },
    };
  }
}

function figuresOf({ id, name, step, stepsTotal, loss }: RunJson): string {
  const steps = stepsTotal === null ? '' : `step ${grouped(step)} of ${grouped(stepsTotal)}`;
  return [name === id ? '' : id, steps, loss === null ? '' : `loss ${lossShown(loss)}`]
    .filter((part) => part !== '')
    .join(' · ');
}
