import { byId, element, setText } from './elements.js';
import { counted, duration, grouped, timeShown } from './figures.js';
import type { RunModel } from './run-model.js';

/** The sample of text, and what else there is to know. */
export class DetailsView {
  #facts = '';

  show(model: RunModel): void {
    this.#showSample(model.sample, model.shown.state);
    const facts = factsOf(model);
    const text = JSON.stringify(facts);
    if (text === this.#facts) return;
    this.#facts = text;
    byId('details').replaceChildren(
      ...facts.map(([title, value]) =>
        element(
          'div',
          {},
          element('dt', {}, title),
          element('dd', { class: isDigest(value) ? 'digest' : undefined }, value),
        ),
      ),
    );
    setText(byId('configuration'), JSON.stringify(model.shown.config, null, 2));
  }

  #showSample(sample: string | null, state: string): void {
    const target = byId('sample');
    const text =
      sample ?? (state === 'done' ? 'None was drawn.' : 'It is drawn by a worker once the run is done.');
    if (target.textContent === text) return;
    target.replaceChildren(
      sample === null ? element('p', { class: 'note' }, text) : element('blockquote', {}, text),
    );
  }
}

function factsOf({ shown, started }: RunModel): [title: string, value: string][] {
  const { corpus, checkpoints, bestCheckpoint, weightsSha256, joiningProof, notExactSince } = shown;
  const facts: [string, string | null][] = [
    ['Text', corpus.name],
    [
      'Length',
      started && `${counted(started.characters, 'character')}, ${counted(started.symbols, 'symbol')}`,
    ],
    [
      'Network',
      started &&
        `LSTM layers of ${started.units.join(', ')} units, ${counted(started.parameters, 'parameter')}`,
    ],
    [
      'Step',
      started &&
        `${grouped(started.batch)} windows of ${grouped(started.window)}, ${grouped(started.microBatch)} a micro-batch`,
    ],
    ['Created', timeShown(shown.createdAt)],
    ['Began', shown.startedAt && timeShown(shown.startedAt)],
    ['At work', shown.activeHours > 0 ? duration(shown.activeHours * 3600) : null],
    ['Ended', shown.endedAt && timeShown(shown.endedAt)],
    [
      'Checkpoints',
      checkpoints.length === 0
        ? null
        : checkpoints.map((name) => stepOf(name) + (name === bestCheckpoint ? ' (best)' : '')).join(', '),
    ],
    [
      'Exactness',
      joiningProof &&
        (notExactSince === null
          ? 'exact: the same bits on any workers'
          : `not exact since step ${grouped(notExactSince)}`),
    ],
    ['Weights’ SHA-256', weightsSha256],
    ['Text’s SHA-256', corpus.sha256],
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== null && fact[1] !== '');
}

/** `step-00000670.safetensors` as `step 670`. */
function stepOf(checkpoint: string): string {
  const digits = /^step-0*(\d+)\./.exec(checkpoint)?.[1];
  return digits === undefined ? checkpoint : `step ${grouped(Number(digits))}`;
}

function isDigest(value: string): boolean {
  return /^[0-9a-f]{64}$/.test(value);
}
