/** For specs and traces: events and effects as people read them, one in a line. */
import { assertNever } from '@rocinante/base';
import type { RunEffect } from './effects.js';
import type { RunEvent } from './events.js';

/** An effect in one line that shows it whole. */
export function effectLine(effect: RunEffect): string {
  switch (effect.type) {
    case 'issue': {
      const misfits =
        effect.misfitWorkers.length > 0 ? ` after misfits of ${effect.misfitWorkers.join()}` : '';
      return `issue ${effect.step}/${effect.issue} on ${effect.grid}${misfits}`;
    }
    case 'assign': {
      const { id, kind, step, issue, microBatches, parametersVersion, firstRange, magnitudesOnly } =
        effect.assignment;
      const rest = `${firstRange > 0 ? ` from range ${firstRange}` : ''}${magnitudesOnly ? ' magnitudes only' : ''}`;
      return `assign ${effect.worker} #${id} ${kind} ${step}/${issue} v${parametersVersion} [${microBatches.join()}]${rest}`;
    }
    case 'withdraw':
      return `withdraw ${effect.worker} #${effect.assignment}`;
    case 'grant':
      return `grant ${effect.worker} #${effect.assignment} range ${effect.range}`;
    case 'keep-report':
      return `keep #${effect.assignment}`;
    case 'add-range':
      return `add #${effect.assignment} range ${effect.range}`;
    case 'judge-grid':
      return `judge ${effect.assignments.map((id) => `#${id}`).join(' ')}`;
    case 'apply':
      return `apply ${effect.ranges.join()} of ${effect.step}/${effect.issue}`;
    case 'close-step':
      return `close ${effect.step}/${effect.issue} epoch ${effect.epoch} windows ${effect.windows} loss ${effect.loss}`;
    case 'record':
      return `record ${JSON.stringify(Object.values(effect.entry))}${effect.best ? ' best' : ''}`;
    case 'save':
      return `save ${effect.step} ${effect.reason}${effect.best ? ' best' : ''} with ${effect.progress.history.length} entries`;
    case 'ignore':
      return `ignore ${effect.what} ${effect.worker} #${effect.assignment}: ${effect.why}`;
    case 'dismiss':
      return `dismiss ${effect.worker}: ${effect.why}`;
    case 'notice':
      return `notice ${effect.worker}: ${effect.message}`;
    case 'late':
      return `late ${effect.worker} #${effect.assignment} [${effect.microBatches.join()}]`;
    case 'second-word':
      return `second-word #${effect.assignment} [${effect.microBatches.join()}] for ${effect.cause} of ${effect.workers.join()}: ${effect.verdict}`;
    case 'strike':
      return `strike ${effect.strikes} ${effect.worker}: ${effect.why}`;
    case 'set-aside':
      return `set aside ${effect.worker}: ${effect.why}`;
    case 'finish':
      return `finish ${effect.outcome}: ${effect.reason}`;
    default:
      return assertNever(effect);
  }
}

/** An event in one line, without its time. */
export function eventLine(event: RunEvent): string {
  switch (event.type) {
    case 'worker-joined':
    case 'worker-left':
      return `${event.type} ${event.worker}`;
    case 'reported': {
      const bad = event.results.filter(({ finite }) => !finite).map(({ microBatch }) => microBatch);
      const rest = `${event.fits ? '' : ' does not fit'}${bad.length > 0 ? ` not finite ${bad.join()}` : ''}`;
      return `reported ${event.worker} #${event.assignment} [${numbersOf(event.results)}]${rest}`;
    }
    case 'evaluated':
      return `evaluated ${event.worker} #${event.assignment} [${numbersOf(event.results)}]`;
    case 'range-arrived':
      return `range ${event.worker} #${event.assignment} range ${event.range}`;
    case 'granted':
      return `granted ${event.worker} #${event.assignment} range ${event.range}`;
    case 'grid-judged':
      return `judged: the grid is ${event.agrees ? 'the one called for' : 'another than the one called for'}`;
    case 'applied':
      return `applied ${event.ranges.join()} of ${event.step}/${event.issue}${event.finite ? '' : ' not finite'}`;
    case 'saved':
    case 'save-failed':
      return `${event.type} ${event.step}`;
    case 'stop-requested':
    case 'step-abandoned':
    case 'held':
    case 'released':
    case 'tick':
      return event.type;
    default:
      return assertNever(event);
  }
}

function numbersOf(results: readonly { readonly microBatch: number }[]): string {
  return results.map(({ microBatch }) => microBatch).join();
}
