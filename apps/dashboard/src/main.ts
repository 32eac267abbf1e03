import 'uplot/dist/uPlot.min.css';
// Where two rules say something of one element, the later one stands: the order counts.
import './theme.css';
import './elements.css';
import './frame.css';
import './runs-view.css';
import './head-view.css';
import './figures.css';
import './cards.css';
import './charts.css';
import './workers-view.css';
import './events-view.css';
import './details-view.css';
import './dialog.css';
import './narrow.css';
import './preferences.css';
import { Actions } from './actions.js';
import { Announcer } from './announcer.js';
import { LossChart, RateChart } from './charts.js';
import { DetailsView } from './details-view.js';
import { byId, setText } from './elements.js';
import { EventsView } from './events-view.js';
import { percent } from './figures.js';
import { HeadView } from './head-view.js';
import { about, OrderError } from './orders.js';
import { RunModel } from './run-model.js';
import { RunStream, type LinkState } from './run-stream.js';
import { RunsView } from './runs-view.js';
import type { PresentJson, RunChange, RunListJson } from '@rocinante/run-json';
import type { About, Opening, Told } from './shapes.js';
import { WorkersView } from './workers-view.js';

/** The page is drawn at most so often, however fast the run goes. */
const DRAW_INTERVAL_MS = 250;

const LINK_TEXTS: Readonly<Record<LinkState, string>> = {
  connecting: 'connecting',
  live: 'live',
  lost: 'connection lost, trying again',
};

/** The page: what the stream tells goes into the model, and what is drawn comes from there. */
class Page {
  readonly #runs = new RunsView();
  readonly #head = new HeadView();
  readonly #loss = new LossChart();
  readonly #rate = new RateChart();
  readonly #workers = new WorkersView();
  readonly #events = new EventsView();
  readonly #details = new DetailsView();
  readonly #announcer = new Announcer();
  readonly #actions: Actions;
  readonly #stream: RunStream;
  #list: RunListJson = { runs: [], leftOut: 0 };
  #run: string | null = null;
  #model: RunModel | null = null;
  #drawn = 0;
  #drawing = false;

  constructor(about: About) {
    this.#actions = new Actions(about);
    const { holder } = about;
    setText(byId('who'), holder === null ? '' : `${holder.name} (${holder.role})`);
    byId('logout').hidden = holder === null;
    this.#stream = new RunStream({
      list: (change) => this.#listed(change),
      opening: (opening) => this.#opened(opening),
      present: (present) => this.#presented(present),
      entry: (told) => this.#told(told),
      gone: (message) => this.#empty('This run cannot be shown', message),
      link: (state) => this.#linked(state),
      unknown: () => window.location.reload(),
    });
    window.addEventListener('hashchange', () => this.#follow(hashRun()));
    this.#follow(hashRun());
  }

  #follow(run: string | null): void {
    this.#run = run;
    this.#model = null;
    this.#stream.follow(run);
    this.#runs.show(this.#list, run);
  }

  #listed({ order, runs: changed, leftOut }: RunChange): void {
    const known = new Map([...this.#list.runs, ...changed].map((run) => [run.id, run]));
    this.#list = { runs: order.flatMap((id) => known.get(id) ?? []), leftOut };
    this.#runs.show(this.#list, this.#run);
    if (this.#run !== null) return;
    const [first] = this.#list.runs;
    if (first) {
      window.history.replaceState(null, '', `#${first.id}`);
      return this.#follow(first.id);
    }
    this.#empty('No runs yet', 'Start one here, or with ./rocinante run start.');
  }

  #opened(opening: Opening): void {
    this.#model = new RunModel(opening);
    this.#events.clear();
    byId('empty').hidden = true;
    byId('shown').hidden = false;
    this.#announcer.begin(opening.shown);
    this.#draw();
  }

  #presented(present: PresentJson): void {
    if (this.#model === null) return;
    this.#model.present(present);
    this.#announcer.state(present);
    this.#drawSoon();
  }

  #told(told: Told): void {
    if (this.#model === null) return;
    this.#model.tell(told);
    this.#announcer.told(told);
    this.#drawSoon();
  }

  #empty(title: string, text: string): void {
    this.#model = null;
    byId('shown').hidden = true;
    byId('empty').hidden = false;
    setText(byId('empty-title'), title);
    setText(byId('empty-text'), text);
  }

  #linked(state: LinkState): void {
    byId('link').dataset.state = state;
    setText(byId('link'), LINK_TEXTS[state]);
  }

  #drawSoon(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    const wait = Math.max(0, this.#drawn + DRAW_INTERVAL_MS - performance.now());
    window.setTimeout(() => window.requestAnimationFrame(() => this.#draw()), wait);
  }

  #draw(): void {
    this.#drawing = false;
    this.#drawn = performance.now();
    const model = this.#model;
    if (model === null) return;
    document.title = titleOf(model);
    this.#head.show(model);
    this.#actions.show(model.shown);
    this.#loss.show(model);
    this.#rate.show(model);
    this.#workers.show(model.shown);
    this.#events.show(model.told);
    this.#details.show(model);
  }
}

/** What a tab says, also where another is looked at: `62 % moby-dick · Rocinante`. */
function titleOf({ shown: { name, state, stepsTotal }, step }: RunModel): string {
  const isUnderWay = state === 'running' && stepsTotal !== null;
  return `${isUnderWay ? `${percent(step / stepsTotal)} ` : ''}${name} · Rocinante`;
}

/** The run that the address names, behind its `#`; null for none. */
function hashRun(): string | null {
  return decodeURIComponent(window.location.hash.slice(1)) || null;
}

async function begin(): Promise<void> {
  try {
    new Page(await about());
  } catch (error) {
    if (!(error instanceof OrderError)) throw error;
    setText(byId('empty-title'), error.message);
  }
}

void begin();
