import { isSettings, type Settings } from './settings.js';

/** Which parameters decay. */
export const DECAYED = ['all', 'kernels'] as const;
export type Decayed = (typeof DECAYED)[number];

/** The options that say whether and of what weights decay; absent where not given. */
interface DecayFlags {
  readonly weightDecay?: number | undefined;
  readonly weightDecayOn?: Decayed | undefined;
}

/**
 * The settings as a configuration has them: it says which parameters decay only where some do and others do not. An option that turns
 * decay off does so over a file that says which, too.
 */
export function decaySettled(settings: Settings, { weightDecay, weightDecayOn }: DecayFlags): Settings {
  const isOff = weightDecay === 0 && weightDecayOn === undefined;
  if ((!isOff && weightDecayOn !== 'all') || !isSettings(settings.optimizer)) return settings;
  const others = Object.entries(settings.optimizer).filter(([key]) => key !== 'weightDecayOn');
  return { ...settings, optimizer: Object.fromEntries(others) };
}
