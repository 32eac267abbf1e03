import type { RunLogEntry } from '../run/log/log-entries.js';
import type { RunObserver } from '../run/run-observer.js';
import { TICK_MS, TRAIN_END_WAIT_MS } from './limits.js';
import { NoticeSender } from './notice-sender.js';
import type { NotifyTarget } from './notify-target.js';
import { RunNotices, type RunOutcomeTold } from './run-notices.js';

/** Notices of the one run of `train`. */
export class TrainNotifier {
  readonly #sender: NoticeSender;
  readonly #notices: RunNotices;
  readonly #ticker: NodeJS.Timeout;
  #ended = false;

  /** @param name what people call the run. @param warn told what was not delivered. */
  constructor(target: NotifyTarget, name: string, warn: (line: string) => void) {
    this.#sender = new NoticeSender({ target, warn });
    this.#notices = new RunNotices({
      run: { id: name, name },
      stuckMs: target.stuckMs,
      now: () => performance.now(),
      tell: (notice) => this.#sender.send(notice),
    });
    this.#ticker = setInterval(() => this.#notices.tick(), TICK_MS);
  }

  get observer(): RunObserver {
    return { finished: (outcome) => this.#notices.finished(outcome) };
  }

  entry(entry: RunLogEntry): void {
    if (entry.event !== 'finished') this.#notices.entry(entry);
  }

  /** The first end counts: what fails after it is no other end of the run. */
  ended(outcome: RunOutcomeTold, reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#notices.ended(outcome, reason);
  }

  /** Sends what waits, for some seconds at most. */
  async close(): Promise<void> {
    clearInterval(this.#ticker);
    await this.#sender.close(TRAIN_END_WAIT_MS);
  }
}
