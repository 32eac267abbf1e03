/**
 * How soon workers are with a coordinator that is up, and the coordinator hears that one was killed, in milliseconds. On a quiet
 * machine it is 3 s, which `--long` asks for and `npm run benchmark:recovery` measures; with other tests beside, the 10 s within
 * which a run goes on that lost its coordinator.
 */
export const WORKERS_BACK_MS = process.env.ROCINANTE_LONG === '1' ? 3_000 : 10_000;
