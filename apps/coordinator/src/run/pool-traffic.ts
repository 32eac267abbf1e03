import type { Traffic } from '@rocinante/wire';
import type { Session } from '../service/session.js';
import type { RunObserver } from './run-observer.js';

const NOTHING: Traffic = { bytesSent: 0, bytesReceived: 0 };

/** What the coordinator and a pool's workers have sent each other since this began, protocol overhead included. */
export class PoolTraffic implements RunObserver {
  readonly #sessions: () => readonly Session[];
  /** What the connection of each had moved before. */
  readonly #before: Map<Session, Traffic>;
  /** Of those that have left. */
  #ended = NOTHING;

  /** @param sessions those that are in the pool now. */
  constructor(sessions: () => readonly Session[]) {
    this.#sessions = sessions;
    this.#before = new Map(sessions().map((session) => [session, session.traffic]));
  }

  workerJoined(): void {
    this.#look();
  }

  get sum(): Traffic {
    this.#look();
    let sum = this.#ended;
    for (const session of this.#before.keys()) sum = added(sum, this.#moved(session));
    return sum;
  }

  /** Who has come since the last look has moved everything since; who has left moves nothing more. */
  #look(): void {
    const there = new Set(this.#sessions());
    for (const session of there) if (!this.#before.has(session)) this.#before.set(session, NOTHING);
    for (const session of [...this.#before.keys()]) {
      if (there.has(session)) continue;
      this.#ended = added(this.#ended, this.#moved(session));
      this.#before.delete(session);
    }
  }

  #moved(session: Session): Traffic {
    const [now, before] = [session.traffic, this.#before.get(session)!];
    return {
      bytesSent: now.bytesSent - before.bytesSent,
      bytesReceived: now.bytesReceived - before.bytesReceived,
    };
  }
}

export function added(first: Traffic, second: Traffic): Traffic {
  return {
    bytesSent: first.bytesSent + second.bytesSent,
    bytesReceived: first.bytesReceived + second.bytesReceived,
  };
}
