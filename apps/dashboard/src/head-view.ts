import { byId, element, setText } from './elements.js';
import { bytesShown, counted, duration, endShown, grouped, lossShown, NOTHING, percent } from './figures.js';
import type { RunModel } from './run-model.js';
import type { ShownJson } from '@rocinante/run-json';

/** What a run is, how far, how well and how fast. */
export class HeadView {
  readonly #figures = new Map<string, { value: Element; note: Element }>();

  constructor() {
    for (const title of ['Loss, nats', 'Held-out loss, nats', 'Rate', 'Time left', 'Traffic', 'Workers']) {
      const value = element('span', { class: 'big' });
      const note = element('span', { class: 'small' });
      this.#figures.set(title, { value, note });
      byId('figures').append(element('div', {}, element('dt', {}, title), element('dd', {}, value, note)));
    }
  }

  show(model: RunModel): void {
    const { shown, step } = model;
    const { state, reason, stepsTotal } = shown;
    setText(byId('name'), shown.name);
    setText(byId('about'), aboutOf(shown));
    setText(byId('state'), state);
    byId('state').dataset.state = state;
    const reasonLine = byId('reason');
    reasonLine.hidden = reason === '';
    setText(reasonLine, reason);
    const part = stepsTotal ? step / stepsTotal : 0;
    const progress = byId('progress') as HTMLProgressElement;
    progress.value = part;
    setText(byId('progress-text'), progressText(model));
    this.#show('Loss, nats', lossShown(shown.loss), lossNote(shown));
    const best = model.evaluations.findLast((evaluation) => evaluation.best);
    const heldOut = model.validationLoss;
    this.#show(
      'Held-out loss, nats',
      lossShown(heldOut),
      best && heldOut !== null
        ? `best ${lossShown(best.validationLoss ?? best.loss)}, step ${grouped(best.step)}`
        : '',
    );
    const rate = shown.windowsPerSecond;
    this.#show('Rate', rate === null ? NOTHING : rate.toFixed(1), rate === null ? '' : 'windows/s');
    const { secondsLeft: left, activeHours } = shown;
    this.#show(
      'Time left',
      left === null ? NOTHING : duration(left),
      left === null ? afterText(activeHours) : `ends about ${endShown(new Date(Date.now() + left * 1000))}`,
    );
    this.#show('Traffic', bytesShown(shown.bytesReceived), `in, ${bytesShown(shown.bytesSent)} out`);
    const idle = shown.idleWorkers.length;
    this.#show(
      'Workers',
      grouped(shown.workers),
      idle > 0 ? `and ${grouped(idle)} without work` : `${shown.workerHours.toFixed(2)} worker-hours`,
    );
  }

  #show(title: string, value: string, note: string): void {
    const figure = this.#figures.get(title)!;
    setText(figure.value, value);
    setText(figure.note, note);
  }
}

function aboutOf({ id, name, pool, tags, note, queuePosition, priority }: ShownJson): string {
  return [
    name === id ? '' : id,
    pool === 'default' ? '' : `pool ${pool}`,
    queuePosition === null ? '' : `position ${queuePosition} in the queue`,
    priority === 0 ? '' : `priority ${priority}`,
    ...tags,
    note,
  ]
    .filter((part) => part !== '')
    .join(' · ');
}

function afterText(activeHours: number): string {
  return activeHours > 0 ? `after ${duration(activeHours * 3600)}` : '';
}

function lossNote({ lastStepLoss }: ShownJson): string {
  return lastStepLoss === null ? '' : `this epoch; last step ${lossShown(lastStepLoss)}`;
}

/** How far a run is, in steps, epochs and parts of it. */
export function progressText({ shown, step, started }: Pick<RunModel, 'shown' | 'step' | 'started'>): string {
  const { stepsTotal, epoch } = shown;
  if (stepsTotal === null) return shown.state === 'queued' ? 'not begun' : 'no step yet';
  const epochs = started ? stepsTotal / started.stepsPerEpoch : null;
  // A run that ends within an epoch has no number of them.
  const ofEpochs = Number.isInteger(epochs) ? ` of ${grouped(epochs!)}` : '';
  const epochText = epochs === null ? counted(epoch, 'epoch') : `epoch ${grouped(epoch)}${ofEpochs}`;
  return `step ${grouped(step)} of ${grouped(stepsTotal)} · ${epochText} · ${percent(step / stepsTotal)}`;
}
