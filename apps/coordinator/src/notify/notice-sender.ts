import { systemTrouble } from '@rocinante/base';
import { VERSION } from '../version.js';
import {
  ATTEMPT_TIMEOUT_MS,
  ATTEMPTS_MAX,
  BACKOFF_FIRST_MS,
  BACKOFF_MAX_MS,
  CLOSING_PAUSE_MS,
  NOTICES_WAITING_MAX,
} from './limits.js';
import type { Notice } from './notice.js';
import type { NotifyTarget } from './notify-target.js';
import { post } from './post.js';
import { SIGNATURE_HEADER, signatureOf } from './signature.js';

export interface NoticeSenderOptions {
  readonly target: NotifyTarget;
  /** Told what was not delivered, in one line without the address. */
  readonly warn: (line: string) => void;
  /** Changes of the limits, for specs. */
  readonly attemptTimeoutMs?: number;
  readonly backoffFirstMs?: number;
}

interface Waiting {
  readonly notice: Notice;
  readonly delivered: () => void;
}

/** Statuses after which the same notice may be taken later. */
function mayComeLater(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

/**
 * Sends notices one after the other, in their order. Nobody waits for it: what cannot be sent is tried again, and then given up,
 * and of more than NOTICES_WAITING_MAX that wait the oldest is dropped; both are said.
 */
export class NoticeSender {
  readonly #options: NoticeSenderOptions;
  readonly #waiting: Waiting[] = [];
  readonly #giveUp = new AbortController();
  #work: Promise<void> | null = null;
  #closing = false;
  /** Ends the pause before the next attempt. */
  #wake: () => void = () => undefined;

  constructor(options: NoticeSenderOptions) {
    this.#options = options;
  }

  /** @param delivered called once the receiver has said that it has it. */
  send(notice: Notice, delivered: () => void = () => undefined): void {
    this.#waiting.push({ notice, delivered });
    if (this.#waiting.length > NOTICES_WAITING_MAX) {
      const [{ notice: dropped }] = this.#waiting.splice(0, 1);
      this.#say(`dropped, since ${NOTICES_WAITING_MAX} wait: ${dropped.text}`);
    }
    this.#work ??= this.#sendAll().finally(() => (this.#work = null));
  }

  /** Waits so long for what is still to be sent, and gives up the rest. */
  async close(waitMs: number): Promise<void> {
    this.#closing = true;
    this.#wake();
    const timer = setTimeout(() => this.#giveUp.abort(), waitMs);
    await this.#work;
    clearTimeout(timer);
  }

  async #sendAll(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const failure = await this.#deliver(next.notice);
      if (failure === null) next.delivered();
      else this.#say(`not delivered, ${failure}: ${next.notice.text}`);
    }
  }

  /** @returns null once the receiver has it, else why it has not. */
  async #deliver(notice: Notice): Promise<string | null> {
    const { attemptTimeoutMs = ATTEMPT_TIMEOUT_MS, backoffFirstMs = BACKOFF_FIRST_MS } = this.#options;
    let backoffMs = backoffFirstMs;
    let failure = 'it was given up, since the process ends';
    for (let attempt = 1; attempt <= ATTEMPTS_MAX && !this.#giveUp.signal.aborted; attempt++) {
      let pauseMs = backoffMs;
      try {
        const { status, retryAfterMs } = await this.#attempt(notice, attemptTimeoutMs);
        if (status >= 200 && status < 300) return null;
        const moved = status >= 300 && status < 400 ? '; redirections are not followed' : '';
        failure = `expected a status from 200 to 299, received ${status}${moved}`;
        if (!mayComeLater(status)) return failure;
        if (retryAfterMs !== null) pauseMs = Math.min(retryAfterMs, BACKOFF_MAX_MS);
      } catch (error) {
        failure = systemTrouble(error);
      }
      if (attempt < ATTEMPTS_MAX) await this.#pause(pauseMs);
      backoffMs = Math.min(2 * backoffMs, BACKOFF_MAX_MS);
    }
    return failure;
  }

  /** Signed anew each time: a receiver refuses old signatures. */
  #attempt(notice: Notice, timeoutMs: number): ReturnType<typeof post> {
    const { url, secret } = this.#options.target;
    const body = JSON.stringify(notice);
    const seconds = Math.floor(Date.now() / 1000);
    const headers: Record<string, string> = { 'user-agent': `rocinante/${VERSION}` };
    if (secret !== null) headers[SIGNATURE_HEADER] = signatureOf(secret, seconds, body);
    return post(url, body, headers, this.#giveUp.signal, timeoutMs);
  }

  /** While it closes, attempts follow each other at CLOSING_PAUSE_MS. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const { signal } = this.#giveUp;
      const timer = setTimeout(done, this.#closing ? Math.min(ms, CLOSING_PAUSE_MS) : ms);
      this.#wake = done;
      signal.addEventListener('abort', done);
      function done(): void {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      }
    });
  }

  #say(line: string): void {
    this.#options.warn(`notice to ${this.#options.target.host} ${line}`);
  }
}
