import { networkHindrance } from '../support/network.js';
import { limited, type Close, type Site } from './recovery-site.js';

/** One of the figures of a case, in seconds. */
export interface Figure {
  readonly name: string;
  /** What it should not exceed; null where it only explains another. */
  readonly targetSeconds: number | null;
}

export interface RecoveryCase {
  readonly title: string;
  readonly figures: readonly Figure[];
  /** Workers at the start. */
  readonly workers: readonly string[];
  /** Each worker, and the coordinator, is on a host of its own. */
  readonly hasNetwork?: boolean;
  /** Why it cannot be measured here; null where it can. */
  hindrance?(): string | null;
  /** Does it once, and leaves the site as it was: one number of seconds for each figure, in their order. */
  measure(site: Site, repeat: number): Promise<number[]>;
}

/** Part of a step's time, so that the repeats meet steps in different phases. */
const PHASE_MS = 37;
const PHASES = 7;
const phase = (repeat: number): Promise<void> => pause((repeat % PHASES) * PHASE_MS);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const secondsBetween = (from: number, to: number): number => (to - from) / 1000;
const without =
  (name: string) =>
  ({ workers }: Close): boolean =>
    !workers.includes(name);

const worker = (repeat: number): string => `dulcinea-${repeat}`;

/**
 * The first step that only the remaining worker computed was mostly begun before the kill, so the one after it, the first
 * that it does from its beginning, is what shows its rate; the target is held against both.
 */
const killedWorker: RecoveryCase = {
  title: 'worker killed',
  figures: [
    { name: 'kill to first step of the rest', targetSeconds: 2 },
    { name: 'kill to second step of the rest', targetSeconds: 2 },
  ],
  workers: ['sancho', worker(0)],
  async measure(site, repeat) {
    const name = worker(repeat);
    await phase(repeat);
    const killed = Date.now();
    await limited('the end of a worker', site.service(name).stop('SIGKILL'));
    const first = await site.close('a step of the rest', killed, without(name));
    const second = await site.close('a second step', first.time, without(name));
    const next = worker(repeat + 1);
    site.startWorker(next);
    await site.settled(['sancho', next], second.time);
    return [secondsBetween(killed, first.time), secondsBetween(killed, second.time)];
  },
};

/**
 * The worker's packets vanish, and neither end is told. The step in which it happens may close before the coordinator takes
 * the worker for lost, by giving the late share to the other. The longest pause, until the first close after that loss, shows
 * whether a step between waited for the worker again.
 */
const cutLink: RecoveryCase = {
  title: 'link cut, no reset',
  figures: [
    { name: 'cut to first step of the rest', targetSeconds: 8 },
    { name: 'cut to second step of the rest', targetSeconds: 8 },
    { name: 'longest pause after the cut', targetSeconds: 8 },
    { name: 'cut to worker-left', targetSeconds: null },
  ],
  workers: ['sancho', 'dulcinea'],
  hasNetwork: true,
  hindrance: networkHindrance,
  async measure(site, repeat) {
    await phase(repeat);
    const cut = Date.now();
    site.host('dulcinea').cut('silent');
    const first = await site.close('a step of the rest', cut, without('dulcinea'));
    const second = await site.close('a second step', first.time, without('dulcinea'));
    const left = await site.event('worker-left', 'dulcinea', cut);
    const after = await site.close('a step after the loss', left, () => true);
    const pauseMs = site.longestPause(cut, after.time);
    site.host('dulcinea').heal();
    await site.settled(['sancho', 'dulcinea'], left);
    const [toFirst, toSecond, toLeft] = [first.time, second.time, left].map((time) =>
      secondsBetween(cut, time),
    );
    return [toFirst, toSecond, pauseMs / 1000, toLeft];
  },
};

/** From the start of the launcher's process, through joining and preparing, to the close of a step in which it has a share. */
const joiningWorker: RecoveryCase = {
  title: 'worker joins',
  figures: [
    { name: 'process to first contribution', targetSeconds: 3 },
    { name: 'joined (log) to contribution', targetSeconds: null },
    { name: 'worker-joined to contribution', targetSeconds: null },
  ],
  workers: ['sancho'],
  async measure(site, repeat) {
    const name = worker(repeat);
    await phase(repeat);
    const started = Date.now();
    const service = site.startWorker(name);
    const first = await site.close('a contribution', started, ({ workers }) => workers.includes(name));
    const joined = service.log.find(({ msg }) => msg.startsWith('joined the coordinator'))!;
    const ready = await site.event('worker-joined', name, started);
    await limited('the end of a worker', service.stop('SIGKILL'));
    await site.settled(['sancho'], Date.now());
    return [started, Date.parse(joined.time), ready].map((time) => secondsBetween(time, first.time));
  },
};

/**
 * A new step is the first that the new coordinator closes. It goes on from the newest checkpoint, so that step may have been
 * taken before; how many are taken again is for `--checkpoint` to say, and is not measured.
 */
const killedCoordinator: RecoveryCase = {
  title: 'coordinator killed',
  figures: [
    { name: 'kill to first new step', targetSeconds: 10 },
    { name: 'up to first new step', targetSeconds: 10 },
  ],
  workers: ['sancho', 'dulcinea'],
  async measure(site, repeat) {
    await phase(repeat);
    const killed = Date.now();
    await limited('the end of the coordinator', site.daemon.stop('SIGKILL'));
    const up = await site.startDaemon();
    const { time } = await site.close('a new step', up, () => true);
    await site.settled(['sancho', 'dulcinea'], time);
    return [killed, up].map((from) => secondsBetween(from, time));
  },
};

export const recoveryCases: readonly RecoveryCase[] = [
  killedWorker,
  cutLink,
  joiningWorker,
  killedCoordinator,
];
