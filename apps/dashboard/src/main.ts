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
import { runOf } from './address.js';
import { Announcer } from './announcer.js';
import { Asking } from './asking.js';
import { DetailsView } from './details-view.js';
import { byId, setText } from './elements.js';
import { EventsView } from './events-view.js';
import { momentShown } from './figures.js';
import { HeadView } from './head-view.js';
import { LossChart } from './loss-chart.js';
import { about, OrderError, run as askedRun } from './orders.js';
import { RunModel } from './run-model.js';
import { RunStream, type LinkState } from './run-stream.js';
import { RunsView } from './runs-view.js';
import type { PresentJson, RunChange, RunJson, RunListJson } from '@rocinante/run-json';
import type { About, Opening, Told } from './shapes.js';
import { SMALL_CHARTS, SmallChart } from './small-charts.js';
import { titleOf } from './title.js';
import { WorkersView } from './workers-view.js';

/** The page is drawn at most so often, however fast the run goes. */
const DRAW_INTERVAL_MS = 250;

const LINK_TEXTS: Readonly<Record<LinkState, string>> = {
  connecting: 'connecting',
  live: 'live',
  lost: 'connection lost',
};

/** The page: what the stream tells goes into the model, and what is drawn comes from there. */
class Page {
  readonly #runs = new RunsView();
  readonly #head = new HeadView();
  readonly #loss = new LossChart();
  readonly #small = SMALL_CHARTS.map((look) => new SmallChart(look));
  readonly #workers = new WorkersView();
  readonly #events = new EventsView();
  readonly #details = new DetailsView();
  readonly #announcer = new Announcer();
  readonly #actions: Actions;
  readonly #stream: RunStream;
  readonly #asking = new Asking(() => this.#ask());
  #link: LinkState = 'connecting';
  #heardAt: Date | null = null;
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
      heard: () => (this.#heardAt = new Date()),
      list: (change) => this.#listed(change),
      opening: (opening) => this.#opened(opening),
      present: (present) => this.#presented(present),
      entry: (told) => this.#told(told),
      gone: (message) => this.#empty('This run cannot be shown', message),
      link: (state) => this.#linked(state),
      unknown: () => window.location.reload(),
    });
    window.addEventListener('hashchange', () => this.#follow(runOf(window.location.hash)));
    document.addEventListener('visibilitychange', () => this.#seen());
    this.#seen();
    this.#follow(runOf(window.location.hash));
  }

  /** What nobody looks at keeps no connection, and asks then and now what its title is to say. */
  #seen(): void {
    if (document.hidden) {
      this.#stream.rest();
      this.#asking.start();
    } else {
      this.#asking.stop();
      this.#stream.wake();
    }
  }

  async #ask(): Promise<void> {
    const asked = this.#run;
    if (asked === null) return;
    try {
      const run = await askedRun(asked);
      if (run && document.hidden && asked === this.#run) this.#entitle(run, false);
    } catch (error) {
      if (!(error instanceof OrderError)) throw error;
      if (this.#model && document.hidden) this.#entitle(this.#model.shown, true);
    }
  }

  #entitle(run: RunJson, isLost: boolean): void {
    document.title = titleOf(run, isLost);
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
    const was = this.#link;
    this.#link = state;
    document.body.dataset.link = state;
    byId('link').dataset.state = state;
    const isLost = state === 'lost';
    const since = isLost && this.#heardAt ? `; as of ${momentShown(this.#heardAt.toISOString())}` : '';
    setText(byId('link'), LINK_TEXTS[state] + since + (isLost ? ', trying again' : ''));
    if (isLost && was !== 'lost') this.#announcer.say('Connection lost, what is shown stands still');
    if (state === 'live' && was === 'lost') this.#announcer.say('Connected again');
    if (this.#model) this.#drawSoon();
  }

  #drawSoon(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    const wait = Math.max(0, this.#drawn + DRAW_INTERVAL_MS - performance.now());
    window.setTimeout(() => {
      this.#showTitle();
      window.requestAnimationFrame(() => this.#draw());
    }, wait);
  }

  /** Apart from drawing, for which a page that is covered gets no frame. */
  #showTitle(): void {
    if (this.#model === null) return;
    const { shown, step } = this.#model;
    this.#entitle({ ...shown, step }, this.#link === 'lost');
  }

  #draw(): void {
    this.#drawing = false;
    this.#drawn = performance.now();
    const model = this.#model;
    if (model === null) return;
    this.#showTitle();
    this.#head.show(model);
    this.#actions.show(model.shown);
    this.#loss.show(model);
    for (const chart of this.#small) chart.show(model);
    this.#workers.show(model.shown);
    this.#events.show(model.told);
    this.#details.show(model);
  }
}

/** Focus alone: what stands behind the address's `#` is a run. */
function skip(event: Event): void {
  event.preventDefault();
  byId('run').focus();
}

async function begin(): Promise<void> {
  byId('skip').addEventListener('click', skip);
  try {
    new Page(await about());
  } catch (error) {
    if (!(error instanceof OrderError)) throw error;
    setText(byId('empty-title'), error.message);
  }
}

void begin();
