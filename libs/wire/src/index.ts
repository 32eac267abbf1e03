export { callerOf, type Caller, type HolderOf } from './access-control.js';
export {
  dial,
  dialRuns,
  listen,
  type ListeningServer,
  type ServedHandlers,
  type ServerSecurity,
} from './channel.js';
export { FIRST_CORPUS_PIECE_BYTES, nextCorpusPieceBytes } from './corpus-piece.js';
export { channelCredentials } from './client-security.js';
export { connectionTrouble } from './connection-trouble.js';
export { WireError, type WireErrorCode } from './errors.js';
export { meterConnection, serverTraffic, type Traffic } from './http2-server.js';
export { methodPaths } from './method-needs.js';
export * as limits from './limits.js';
export type * from './messages.js';
export { isName, NAME_EXPECTED } from './names.js';
export { runsService, trainingService } from './proto.js';
export {
  agreeOnProtocol,
  checkWelcomedTo,
  PROTOCOL_VERSION,
  PROTOCOL_VERSION_MIN,
} from './protocol-version.js';
export {
  decodeRange,
  encodeContributionRange,
  encodeParametersRange,
  rangeElements,
  parametersRoom,
  type RangePayload,
} from './ranges.js';
export type { RunsClient, RunsHandlers, TrainingClient, TrainingHandlers } from './service.js';
export { isAboutAccess, mayRetry, statusOf } from './status.js';
