/** The messages under the names this project uses. What is sent may leave fields out; what was received has them all. */
export type { Assign__Output as AssignMessage } from './generated/rocinante/training/v1/Assign.js';
export type { ContributionRange__Output as ContributionRangeMessage } from './generated/rocinante/training/v1/ContributionRange.js';
export type { ContributeSummary } from './generated/rocinante/training/v1/ContributeSummary.js';
export type {
  CoordinatorMessage,
  CoordinatorMessage__Output as CoordinatorMessageReceived,
} from './generated/rocinante/training/v1/CoordinatorMessage.js';
export type {
  CorpusChunk,
  CorpusChunk__Output as CorpusChunkMessage,
} from './generated/rocinante/training/v1/CorpusChunk.js';
export type { CorpusDescription__Output as CorpusDescriptionMessage } from './generated/rocinante/training/v1/CorpusDescription.js';
export type { CorpusRequest__Output as CorpusRequestMessage } from './generated/rocinante/training/v1/CorpusRequest.js';
export type { EngineDescription__Output as EngineDescriptionMessage } from './generated/rocinante/training/v1/EngineDescription.js';
export type { Evaluation__Output as EvaluationMessage } from './generated/rocinante/training/v1/Evaluation.js';
export type { Hello, Hello__Output as HelloMessage } from './generated/rocinante/training/v1/Hello.js';
export type { ParametersRange__Output as ParametersRangeMessage } from './generated/rocinante/training/v1/ParametersRange.js';
export type { ParametersRequest__Output as ParametersRequestMessage } from './generated/rocinante/training/v1/ParametersRequest.js';
export type { Ready__Output as ReadyMessage } from './generated/rocinante/training/v1/Ready.js';
export type { Report__Output as ReportMessage } from './generated/rocinante/training/v1/Report.js';
export type { SampleRequest__Output as SampleRequestMessage } from './generated/rocinante/training/v1/SampleRequest.js';
export type { SampleResult__Output as SampleResultMessage } from './generated/rocinante/training/v1/SampleResult.js';
export type { StartRun__Output as StartRunMessage } from './generated/rocinante/training/v1/StartRun.js';
export type { Trouble__Output as TroubleMessage } from './generated/rocinante/training/v1/Trouble.js';
export type { Welcome__Output as WelcomeMessage } from './generated/rocinante/training/v1/Welcome.js';
export type {
  WorkerMessage,
  WorkerMessage__Output as WorkerMessageReceived,
} from './generated/rocinante/training/v1/WorkerMessage.js';
export type {
  HaveRequest,
  HaveRequest__Output as HaveRequestMessage,
} from './generated/rocinante/training/v1/HaveRequest.js';
export type {
  HaveResponse,
  HaveResponse__Output as HaveResponseMessage,
} from './generated/rocinante/training/v1/HaveResponse.js';
export type {
  HistoryPoint,
  HistoryPoint__Output as HistoryPointMessage,
} from './generated/rocinante/training/v1/HistoryPoint.js';
export type {
  IdleWorker,
  IdleWorker__Output as IdleWorkerMessage,
} from './generated/rocinante/training/v1/IdleWorker.js';
export type {
  Incident,
  Incident__Output as IncidentMessage,
} from './generated/rocinante/training/v1/Incident.js';
export type {
  ListRequest,
  ListRequest__Output as ListRequestMessage,
} from './generated/rocinante/training/v1/ListRequest.js';
export type {
  ListResponse,
  ListResponse__Output as ListResponseMessage,
} from './generated/rocinante/training/v1/ListResponse.js';
export type {
  LogEntry,
  LogEntry__Output as LogEntryMessage,
} from './generated/rocinante/training/v1/LogEntry.js';
export type {
  LogsRequest,
  LogsRequest__Output as LogsRequestMessage,
} from './generated/rocinante/training/v1/LogsRequest.js';
export type {
  DigestChunk,
  DigestChunk__Output as DigestChunkMessage,
} from './generated/rocinante/training/v1/DigestChunk.js';
export type {
  LossChunk,
  LossChunk__Output as LossChunkMessage,
} from './generated/rocinante/training/v1/LossChunk.js';
export type {
  PushChunk,
  PushChunk__Output as PushChunkMessage,
} from './generated/rocinante/training/v1/PushChunk.js';
export type {
  PushResponse,
  PushResponse__Output as PushResponseMessage,
} from './generated/rocinante/training/v1/PushResponse.js';
export type {
  RemoveResponse,
  RemoveResponse__Output as RemoveResponseMessage,
} from './generated/rocinante/training/v1/RemoveResponse.js';
export type {
  ResumeRequest,
  ResumeRequest__Output as ResumeRequestMessage,
} from './generated/rocinante/training/v1/ResumeRequest.js';
export type {
  RunDetail,
  RunDetail__Output as RunDetailMessage,
} from './generated/rocinante/training/v1/RunDetail.js';
export type {
  RunLimits,
  RunLimits__Output as RunLimitsMessage,
} from './generated/rocinante/training/v1/RunLimits.js';
export type {
  RunRequest,
  RunRequest__Output as RunRequestMessage,
} from './generated/rocinante/training/v1/RunRequest.js';
export type {
  RunSummary,
  RunSummary__Output as RunSummaryMessage,
} from './generated/rocinante/training/v1/RunSummary.js';
export type {
  StartRequest,
  StartRequest__Output as StartRequestMessage,
} from './generated/rocinante/training/v1/StartRequest.js';
export type {
  StopRequest,
  StopRequest__Output as StopRequestMessage,
} from './generated/rocinante/training/v1/StopRequest.js';
export type {
  WeightsChunk,
  WeightsChunk__Output as WeightsChunkMessage,
} from './generated/rocinante/training/v1/WeightsChunk.js';
export type {
  WeightsRequest,
  WeightsRequest__Output as WeightsRequestMessage,
} from './generated/rocinante/training/v1/WeightsRequest.js';
export type {
  WorkerCard,
  WorkerCard__Output as WorkerCardMessage,
} from './generated/rocinante/training/v1/WorkerCard.js';
export type {
  WorkerShare,
  WorkerShare__Output as WorkerShareMessage,
} from './generated/rocinante/training/v1/WorkerShare.js';
export type {
  LogLines,
  LogLines__Output as LogLinesMessage,
} from './generated/rocinante/training/v1/LogLines.js';
export type {
  Metrics,
  Metrics__Output as MetricsMessage,
} from './generated/rocinante/training/v1/Metrics.js';
export type { RunState__Output as RunState } from './generated/rocinante/training/v1/RunState.js';
