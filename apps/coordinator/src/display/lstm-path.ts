import type { EngineDescriptionMessage } from '@rocinante/wire';

const FEATURE = 'lstm=';

/** How a worker computes LSTM layers; null where it says nothing of it: it takes the processor's plain path then. */
export function lstmPathOf(engine: Pick<EngineDescriptionMessage, 'features'> | null): string | null {
  const said = engine?.features.find((feature) => feature.startsWith(FEATURE));
  return said === undefined ? null : said.slice(FEATURE.length);
}

/** The model of what a worker computes on, with its LSTM path where it says one. */
export function modelShown(engine: EngineDescriptionMessage | null): string {
  const path = lstmPathOf(engine);
  return path === null ? (engine?.model ?? '') : `${engine!.model}, LSTM ${path}`;
}
