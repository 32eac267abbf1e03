import type { EngineDescriptionMessage } from '@rocinante/wire';

const FEATURE = 'lstm=';

/** How a worker says that it computes LSTM layers; null where it says nothing of it: it takes the processor's plain path then. */
export function lstmPathOf(engine: Pick<EngineDescriptionMessage, 'features'> | null): string | null {
  const said = engine?.features.find((feature) => feature.startsWith(FEATURE));
  return said === undefined ? null : said.slice(FEATURE.length);
}

/** How it computes them, as operators are told; empty before it has said what it computes on. */
export function lstmTold(engine: Pick<EngineDescriptionMessage, 'features'> | null): string {
  return engine === null ? '' : (lstmPathOf(engine) ?? 'plain');
}
