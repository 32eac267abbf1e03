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
export type { Hello__Output as HelloMessage } from './generated/rocinante/training/v1/Hello.js';
export type { ParametersRange__Output as ParametersRangeMessage } from './generated/rocinante/training/v1/ParametersRange.js';
export type { ParametersRequest__Output as ParametersRequestMessage } from './generated/rocinante/training/v1/ParametersRequest.js';
export type { Report__Output as ReportMessage } from './generated/rocinante/training/v1/Report.js';
export type { SampleRequest__Output as SampleRequestMessage } from './generated/rocinante/training/v1/SampleRequest.js';
export type { SampleResult__Output as SampleResultMessage } from './generated/rocinante/training/v1/SampleResult.js';
export type { StartRun__Output as StartRunMessage } from './generated/rocinante/training/v1/StartRun.js';
export type {
  WorkerMessage,
  WorkerMessage__Output as WorkerMessageReceived,
} from './generated/rocinante/training/v1/WorkerMessage.js';
