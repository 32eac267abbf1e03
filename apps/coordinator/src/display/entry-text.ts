import type { LogEntryOf, RunLogEntry } from '../run/log/log-entries.js';
import { heldOutShown } from '../loss-units.js';
import { lstmPathOf } from './lstm-path.js';
import { bytesShown, counted, grouped } from './quantities.js';
import { precisionText } from './run-texts.js';

/** Entries that are worth a line of a log: single steps, and what came too late to count, are not. */
export type ToldEntry = Exclude<RunLogEntry, { event: 'step' | 'ignored' }>;

/** What an entry says, for a person who sees its step and its worker beside it. Losses are in nats. */
export function entryText(entry: ToldEntry): string {
  switch (entry.event) {
    case 'started':
      return startedText(entry);
    case 'listening':
      return `workers find the coordinator at ${entry.address}`;
    case 'worker-joined': {
      const path = lstmPathOf(entry.engine);
      const place = entry.engine?.device === 'gpu' ? `, to compute on ${entry.engine.model}` : '';
      return `joined${place}${path === null ? '' : `, with LSTM path ${path}`}${path === null || path === 'plain' ? '' : ', where it can compute the network'}`;
    }
    case 'worker-parked':
    case 'not-exact':
      return entry.message;
    case 'joining-proof':
      return `set the run's joining proof, ${entry.sha256}`;
    case 'worker-left':
      if (entry.lost) return `was lost: ${entry.reason}`;
      return entry.reason === 'it left' ? 'left' : `left: ${entry.reason}`;
    case 'issued-again': {
      const whose = entry.workers.length === 0 ? '' : `, by what ${entry.workers.join(', ')} computed`;
      return `the step is issued again: ${entry.cause}${whose}`;
    }
    case 'late':
      return `is late with ${lateWork(entry)}: others compute the same too`;
    case 'second-word':
      return secondWordText(entry);
    case 'strike':
      return entry.why;
    case 'set-aside':
      return `gets no work any more until it joins anew: ${entry.reason}`;
    case 'evaluation':
      return `epoch ${entry.epoch}: ${evaluationText(entry)}`;
    case 'checkpoint':
      return `checkpoint ${entry.name} saved (${bytesShown(entry.bytes)})`;
    case 'stored':
      return `${entry.name} is in the store (${bytesShown(entry.bytes)})`;
    case 'store-lost':
      return `${entry.reason}: the run goes on with its own checkpoints${entry.forGood ? '' : ', and the store is tried again'}`;
    case 'store-back':
      return 'the store takes checkpoints again';
    case 'checkpoint-passed-over':
      return `checkpoint ${entry.name} is damaged (${entry.reason}); the one before it is used`;
    case 'length-changed':
      return `the run now has ${lengthText(entry.to)}, not ${lengthText(entry.from)}${rateText(entry)}`;
    case 'went-back':
      return `${entry.reason}; the run goes back from step ${grouped(entry.fromStep)} to step ${grouped(entry.atStep)}, and on with ${+(entry.rateShare * 100).toPrecision(3)} % of its learning rate`;
    case 'notice':
      return entry.message;
    case 'held':
      return `held: ${entry.reason}`;
    case 'released':
      return 'no longer held: the run goes on';
    case 'sample':
      return `a sample of ${counted([...entry.text].length, 'character')} is drawn`;
    case 'finished':
      return stateText(entry.outcome, entry.reason);
    case 'summary':
      return `the final weights are written, SHA-256 ${entry.weightsSha256}`;
  }
}

function startedText(started: LogEntryOf<'started'>): string {
  const { cause, stepsTotal, checkpoint } = started;
  const length = counted(stepsTotal, 'step') + precisionText(started);
  if (checkpoint === null) return `the run begins: ${length}`;
  const why = cause === 'coordinator-restarted' ? 'the coordinator was started again' : 'it was resumed';
  return `the run goes on from ${checkpoint}, to ${length}: ${why}`;
}

function lateWork({ evaluates, microBatches: { length } }: LogEntryOf<'late'>): string {
  return evaluates
    ? counted(length, 'piece of an evaluation', 'pieces of an evaluation')
    : counted(length, 'micro-batch', 'micro-batches');
}

/** What a second worker said of micro-batches that others doubted, or that the audit drew. */
function secondWordText({ verdict, microBatches, workers }: LogEntryOf<'second-word'>): string {
  const what = `micro-batch${microBatches.length === 1 ? '' : 'es'} ${microBatches.join(', ')}`;
  const [first, second] = workers;
  switch (verdict) {
    case 'stands':
      return `${second} computes the same bits of ${what} as ${first}: they count`;
    case 'refuted':
      return `others compute other bits of ${what} than ${first}: theirs count`;
    case 'unheld':
      return `nobody else was there to compute ${what} a second time: ${first}’s count`;
    case 'unsettled':
      return `${first} and ${second} compute other bits of ${what}, and there is no other worker to ask; ${first}’s count`;
  }
}

/** `loss 2.2992, held-out loss 1.9066 (2.75 bits a character), the best so far` */
function evaluationText({ loss, validationLoss, best }: LogEntryOf<'evaluation'>): string {
  const heldOut = validationLoss === null ? '' : `, held-out loss ${heldOutShown(validationLoss)}`;
  return `loss ${loss.toFixed(4)}${heldOut}${best ? ', the best so far' : ''}`;
}

/** One evaluation among other lines of a run. */
export function evaluationLine(entry: LogEntryOf<'evaluation'>): string {
  return `epoch ${entry.epoch} (step ${grouped(entry.atStep)}): ${evaluationText(entry)}`;
}

function lengthText({ steps, epochs }: LogEntryOf<'length-changed'>['to']): string {
  return steps === null ? counted(epochs, 'epoch') : counted(steps, 'step');
}

/** What another length does to a rate that comes down over the whole run. */
function rateText({ rate }: LogEntryOf<'length-changed'>): string {
  if (rate === null) return '';
  const [from, to] = [rate.from, rate.to].map((value) => Number(value.toPrecision(3)));
  return `; its schedule goes over the whole length, so its learning rate is ${to} now, not ${from}`;
}

/** A state and its reason, each word once: a reason may be a sentence that begins with the state. */
export function stateText(state: string, reason: string): string {
  const said = reason.replace(/^the run (?=failed)/, '');
  if (said === '') return state;
  return said.startsWith(state) ? said : `${state}: ${said}`;
}
