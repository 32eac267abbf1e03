import { byId, element, KeyedList, setText } from './elements.js';
import { cardText } from './card-text.js';
import { counted, momentShown, NOTHING, percent, timeShown } from './figures.js';
import { phaseKeys, PhaseBar, STEP_PHASES, WORKER_PHASES } from './phases.js';
import type { IdleWorkerJson, PresentJson, WorkerShareJson } from '@rocinante/run-json';

interface ShownWorker extends WorkerShareJson {
  /** The part of the last step's micro-batches that it computed. */
  readonly part: number;
}

const STANDINGS: Readonly<Record<string, string>> = {
  preparing: 'prepares the run',
  parked: 'parked',
  refused: 'cannot work for this run',
  'set-aside': 'set aside',
};

/** Who works for the run: share, speed, and where each one's time goes; and where a step's goes. */
export class WorkersView {
  readonly #none = element('p', { class: 'note' });
  readonly #table: HTMLElement;
  readonly #rows: KeyedList<ShownWorker>;
  readonly #idleRows: KeyedList<IdleWorkerJson>;
  readonly #idle: HTMLElement;
  readonly #step = new PhaseBar(STEP_PHASES, 'step');
  readonly #stepTime: HTMLElement;
  readonly #bound = element('span', { class: 'bound' });

  constructor() {
    const body = element('tbody');
    const heads = ['Worker', 'Share', 'Micro-batches/s', 'Time', 'Since'];
    this.#table = element(
      'div',
      { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': 'Workers' },
      element(
        'table',
        { class: 'workers' },
        element(
          'thead',
          {},
          element('tr', {}, ...heads.map((head) => element('th', { scope: 'col' }, head))),
        ),
        body,
      ),
    );
    this.#rows = new KeyedList(body, workerRow);
    const idleBody = element('ul', { class: 'idle' });
    this.#idleRows = new KeyedList(idleBody, idleRow);
    this.#idle = element('div', {}, element('h3', {}, 'Without work'), idleBody);
    byId('workers').append(this.#none, this.#table, this.#idle);
    byId('workers-legend').append(...phaseKeys(WORKER_PHASES, 'worker'));
    this.#stepTime = element(
      'div',
      { class: 'step-time' },
      element('h3', {}, 'Where a step’s time goes', this.#bound),
      this.#step.root,
      element('p', { class: 'legend' }, ...phaseKeys(STEP_PHASES, 'step')),
    );
    byId('step-time').append(this.#stepTime);
  }

  show({ workerShares, idleWorkers, stepPhases, state, boundBy }: PresentJson): void {
    const all = workerShares.reduce((sum, { microBatches }) => sum + microBatches, 0);
    setText(
      this.#none,
      ['waiting', 'running', 'held', 'stopping'].includes(state)
        ? 'No worker is given work. Start one with: ./rocinante worker --coordinator HOST:PORT'
        : 'Workers are shown while the run is active.',
    );
    this.#none.hidden = workerShares.length > 0;
    this.#table.hidden = workerShares.length === 0;
    byId('workers-legend').hidden = workerShares.length === 0;
    this.#rows.show(
      workerShares.map((worker) => [
        `${worker.name} ${worker.joinedAt}`,
        { ...worker, part: all > 0 ? worker.microBatches / all : 0 },
      ]),
    );
    this.#idle.hidden = idleWorkers.length === 0;
    this.#idleRows.show(idleWorkers.map((worker) => [`${worker.name} ${worker.joinedAt}`, worker]));
    this.#stepTime.hidden = !stepPhases;
    this.#step.show(stepPhases ?? null);
    setText(this.#bound, boundBy === null ? '' : `bound by ${boundBy}`);
  }
}

function workerRow(worker: ShownWorker): { root: Element; update(worker: ShownWorker): void } {
  const share = element('span', { class: 'share-text' });
  const bar = element('span', { class: 'share-bar' });
  const rate = element('td', { class: 'number' });
  const phases = new PhaseBar(WORKER_PHASES, 'worker');
  const silent = element('span', { class: 'note' }, NOTHING);
  const card = element('span', { class: 'worker-engine' });
  /** Where columns have no room. */
  const brief = element('span', { class: 'worker-engine brief' });
  const since = element('td', { class: 'number since', title: timeShown(worker.joinedAt) });
  const root = element(
    'tr',
    {},
    element(
      'th',
      { scope: 'row' },
      element('span', { class: 'worker-name' }, worker.name),
      element('span', { class: 'worker-engine' }, engineText(worker)),
      card,
      brief,
    ),
    element('td', { class: 'share' }, share, bar),
    rate,
    element('td', { class: 'time' }, phases.root, silent),
    since,
  );
  return {
    root,
    update: ({ part, microBatches, microBatchesPerSecond, phases: seconds, card: told, joinedAt }) => {
      setText(since, momentShown(joinedAt));
      card.hidden = told === null;
      setText(card, told === null ? '' : cardText(told));
      setText(share, percent(part));
      share.title = counted(microBatches, 'micro-batch', 'micro-batches');
      bar.style.setProperty('--done', String(part));
      const rateText = microBatchesPerSecond === null ? NOTHING : microBatchesPerSecond.toFixed(2);
      setText(rate, rateText);
      setText(brief, `${rateText} micro-batches/s, since ${momentShown(joinedAt)}`);
      phases.show(seconds ?? null);
      silent.hidden = !phases.root.hidden;
    },
  };
}

function idleRow(worker: IdleWorkerJson): { root: Element; update(worker: IdleWorkerJson): void } {
  const standing = element('span', { class: 'state' });
  const reason = element('span', { class: 'note' });
  return {
    root: element('li', {}, element('span', { class: 'worker-name' }, worker.name), standing, reason),
    update: (now) => {
      setText(standing, STANDINGS[now.standing] ?? now.standing);
      setText(reason, now.reason);
    },
  };
}

/** `cpu, 1 thread, AMD EPYC, LSTM plain`. */
function engineText({ device, threads, model, lstm }: WorkerShareJson): string {
  const path = lstm === null ? '' : `LSTM ${lstm}`;
  return [device, counted(threads, 'thread'), model, path].filter((part) => part !== '').join(', ');
}
