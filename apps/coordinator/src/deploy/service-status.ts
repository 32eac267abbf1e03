import { messageOf } from '@rocinante/log';

/**
 * `running`: its process is there. `restarting`: it failed, and its supervisor is about to start it again. `stopped`: it was
 * told to end. `failed`: it ended otherwise, and nothing starts it again.
 */
export type ServiceState = 'running' | 'restarting' | 'stopped' | 'failed';

/** One service of a host. */
export interface ServiceStatus {
  /** `worker`, `worker-2` for the one of a card, or `coordinator`. */
  readonly service: string;
  readonly state: ServiceState;
  /** The bundle that it runs from. */
  readonly bundle: string;
  readonly pid: number | null;
  /** Of a worker: whether it has a session with its coordinator. Of a coordinator: whether it listens. */
  readonly connected: boolean;
  /** How often its supervisor has started it again. */
  readonly restarts: number;
  /** What it logged last, as people read it; empty before that. */
  readonly lastLine: string;
}

/** Answers are lines `key=value`; `service` begins another service. */
export type Answer = readonly (readonly [key: string, value: string])[];

/** Splits what host.sh answers. A login shell's greeting, and whatever else is no such line, is not part of it. */
export function parseAnswer(text: string): Answer {
  return text.split('\n').flatMap((line) => {
    const [, key, value] = /^([a-z]+)=(.*)$/.exec(line) ?? [];
    return key === undefined ? [] : [[key, value] as const];
  });
}

/** The last value of a key; null where there is none. */
export function valueOf(answer: Answer, key: string): string | null {
  return answer.findLast(([name]) => name === key)?.[1] ?? null;
}

/** All values of a key. */
export function valuesOf(answer: Answer, key: string): string[] {
  return answer.filter(([name]) => name === key).map(([, value]) => value);
}

/** Reads the answer to `status`. */
export function parseStatus(text: string): ServiceStatus[] {
  const services: [string, string][][] = [];
  for (const [key, value] of parseAnswer(text)) {
    if (key === 'service') services.push([]);
    services.at(-1)?.push([key, value]);
  }
  return services.map(serviceOf);
}

function serviceOf(answer: Answer): ServiceStatus {
  const pid = Number(valueOf(answer, 'pid') ?? 0);
  const supervised = valueOf(answer, 'supervised') === 'yes';
  const told = valueOf(answer, 'stopped') === 'yes' || valueOf(answer, 'ended') === '0';
  const last = valueOf(answer, 'last') ?? '';
  return {
    service: valueOf(answer, 'service') ?? '',
    state: stateOf(pid > 0, supervised, told),
    bundle: valueOf(answer, 'bundle') ?? '',
    pid: pid > 0 ? pid : null,
    connected:
      pid > 0 && /^(joined the coordinator|coordinator is up)/.test(messageOf(valueOf(answer, 'turn') ?? '')),
    restarts: Number(valueOf(answer, 'restarts') ?? 0) || 0,
    lastLine: last === '' ? '' : messageOf(last),
  };
}

function stateOf(alive: boolean, supervised: boolean, told: boolean): ServiceState {
  if (alive) return 'running';
  if (supervised) return 'restarting';
  return told ? 'stopped' : 'failed';
}
