import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { until, type Daemon } from './daemon.js';

/** How many lines of a reason a coordinator writes within how long a time, with some time to spare. */
const LINES_OF_A_REASON = 5;
const LINES_INTERVAL_MS = 11_000;

const COUNTER = /^rocinante_coordinator_refused_connections_total\{why="([A-Z_]+)"\} (\d+)$/gm;

/** How a line begins that tells of a refusal, and of whose. */
const LOGGED = 'refused: ';
const PEER = /^127\.0\.0\.1:\d+: /;

/**
 * What a coordinator says of what it refuses: its counters, its log, and `refused.jsonl`. It looks at all of it before and
 * after a case, so cases may not come at the same time.
 */
export class Refusals {
  readonly #daemon: Daemon;

  constructor(daemon: Daemon) {
    this.#daemon = daemon;
  }

  /**
   * Does what is to be refused, and fails where the coordinator says anything else of it: the counter of each code must be
   * raised by as many as it stands here, no other counter may be, and log and file must have these lines and no others.
   * @param codes one for each refusal; none where nothing is refused.
   * @param attempt gives the words for each: with the other side's `address:port` at the front, where it knows that, else
   * without.
   */
  async are(codes: readonly string[], attempt: () => Promise<readonly unknown[]>): Promise<void> {
    await Promise.all(
      codes.map((code) => this.#roomFor(code, codes.filter((other) => other === code).length)),
    );
    const before = { counts: await this.#counts(), logged: this.#logged.length, filed: this.#filed.length };
    const words = await attempt();
    const expected = codes.map((code, index) => ({ code, what: words[index] }));
    const logged = (): Told[] => this.#logged.slice(before.logged);
    const filed = (): Told[] => this.#filed.slice(before.filed);
    const isWhole = (told: readonly Told[]): boolean => told.length >= codes.length;
    // What did not come in time is named below, beside what did.
    await until('log and file', () => isWhole(logged()) && isWhole(filed())).catch(() => undefined);
    expect(alike(logged(), expected)).toEqual(inOrder(expected));
    expect(alike(filed(), expected)).toEqual(inOrder(expected));
    expect(raised(before.counts, await this.#counts())).toEqual(raised({}, countsOf(codes)));
  }

  /** Waits until the log takes so many lines more of a reason. */
  async #roomFor(code: string, lines: number): Promise<void> {
    expect(lines).toBeLessThanOrEqual(LINES_OF_A_REASON);
    await until(`room for ${lines} lines of ${code}`, () => {
      const since = Date.now() - LINES_INTERVAL_MS;
      const recent = this.#daemon.log.filter((line) => line.code === code && Date.parse(line.time) > since);
      return recent.length + lines <= LINES_OF_A_REASON;
    });
  }

  async #counts(): Promise<Counts> {
    const { text } = await this.#daemon.page('/metrics');
    return Object.fromEntries([...text.matchAll(COUNTER)].map(([, code, count]) => [code, Number(count)]));
  }

  get #logged(): Told[] {
    return this.#daemon.log
      .filter(({ msg }) => msg.startsWith(LOGGED))
      .map(({ code, msg }) => ({ code, what: msg.slice(LOGGED.length) }));
  }

  get #filed(): Told[] {
    const path = join(this.#daemon.data, 'refused.jsonl');
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => {
      const { refused, what } = JSON.parse(line) as Record<string, unknown>;
      return { code: refused, what };
    });
  }
}

interface Told {
  readonly code: unknown;
  readonly what: unknown;
}

type Counts = Readonly<Record<string, number>>;

function countsOf(codes: readonly string[]): Counts {
  const counts: Record<string, number> = {};
  for (const code of codes) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}

/** By how many each counter is above what it was, where it is. */
function raised(before: Counts, after: Counts): Counts {
  const changes = Object.entries(after).map(([code, count]) => [code, count - (before[code] ?? 0)] as const);
  return Object.fromEntries(changes.filter(([, change]) => change !== 0));
}

/** Lines as the expected ones are written: without a peer, where those name none. */
function alike(told: readonly Told[], expected: readonly Told[]): Told[] {
  const arePeersNamed = expected.some(({ what }) => PEER.test(String(what)));
  const lines = told.map(({ code, what }) => ({ code, what: String(what) }));
  for (const { what } of lines) expect(what).toMatch(PEER);
  return inOrder(
    arePeersNamed ? lines : lines.map(({ code, what }) => ({ code, what: what.replace(PEER, '') })),
  );
}

/** What comes at the same time comes in any order. */
function inOrder(told: readonly Told[]): Told[] {
  return [...told].sort((a, b) => (String(a.what) < String(b.what) ? -1 : 1));
}
