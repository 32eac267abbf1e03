export { foreignLine, isLastWord, messageOf } from './foreign-line.js';
export { LineFile, type LineFileOptions } from './line-file.js';
export { LineQueue, type LineQueueLimits } from './line-queue.js';
export { LineSplitter } from './line-splitter.js';
export {
  createLogger,
  createRelay,
  LOG_LEVELS,
  type Logger,
  type LoggerOptions,
  type LogLevel,
} from './logger.js';
export type { Fields } from './redaction.js';
