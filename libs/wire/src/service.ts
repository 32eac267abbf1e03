import type {
  CallOptions,
  Client,
  ClientDuplexStream,
  ClientReadableStream,
  ClientUnaryCall,
  ClientWritableStream,
  handleBidiStreamingCall,
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  requestCallback,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type {
  ContributeSummary,
  ContributionRangeMessage,
  CoordinatorMessage,
  CoordinatorMessageReceived,
  CorpusChunk,
  CorpusChunkMessage,
  CorpusRequestMessage,
  DigestChunk,
  DigestChunkMessage,
  HaveRequest,
  HaveRequestMessage,
  HaveResponse,
  HaveResponseMessage,
  ListRequest,
  ListRequestMessage,
  ListResponse,
  ListResponseMessage,
  LogEntry,
  LogEntryMessage,
  LogsRequest,
  LogsRequestMessage,
  LossChunk,
  LossChunkMessage,
  ParametersRangeMessage,
  ParametersRequestMessage,
  PushChunk,
  PushChunkMessage,
  PushResponse,
  PushResponseMessage,
  RemoveResponse,
  RemoveResponseMessage,
  ResumeRequest,
  ResumeRequestMessage,
  RunDetail,
  RunDetailMessage,
  RunRequest,
  RunRequestMessage,
  RunSummary,
  RunSummaryMessage,
  StartRequest,
  StartRequestMessage,
  StopRequest,
  StopRequestMessage,
  WeightsChunk,
  WeightsChunkMessage,
  WeightsRequest,
  WeightsRequestMessage,
  WorkerMessage,
  WorkerMessageReceived,
} from './messages.js';

/** The coordinator's side of the service. Ranges of parameters are written as `encodeParametersRange` makes them. */
export interface TrainingHandlers extends UntypedServiceImplementation {
  Work: handleBidiStreamingCall<WorkerMessageReceived, CoordinatorMessage>;
  Contribute: handleClientStreamingCall<ContributionRangeMessage, ContributeSummary>;
  Parameters: handleServerStreamingCall<ParametersRequestMessage, Buffer>;
  Corpus: handleServerStreamingCall<CorpusRequestMessage, CorpusChunk>;
}

/** The worker's side. Ranges of contributions are written as `encodeContributionRange` makes them. */
export interface TrainingClient extends Client {
  work(): ClientDuplexStream<WorkerMessage, CoordinatorMessageReceived>;
  contribute(callback: requestCallback<ContributeSummary>): ClientWritableStream<Buffer>;
  parameters(request: ParametersRequestMessage): ClientReadableStream<ParametersRangeMessage>;
  corpus(request: CorpusRequestMessage): ClientReadableStream<CorpusChunkMessage>;
}

/** The coordinator's side of the operator's service. */
export interface RunsHandlers extends UntypedServiceImplementation {
  Have: handleUnaryCall<HaveRequestMessage, HaveResponse>;
  Push: handleClientStreamingCall<PushChunkMessage, PushResponse>;
  Start: handleUnaryCall<StartRequestMessage, RunSummary>;
  List: handleUnaryCall<ListRequestMessage, ListResponse>;
  Show: handleUnaryCall<RunRequestMessage, RunDetail>;
  Losses: handleServerStreamingCall<RunRequestMessage, LossChunk>;
  Digests: handleServerStreamingCall<RunRequestMessage, DigestChunk>;
  Watch: handleServerStreamingCall<RunRequestMessage, LogEntry>;
  Logs: handleServerStreamingCall<LogsRequestMessage, LogEntry>;
  Stop: handleUnaryCall<StopRequestMessage, RunSummary>;
  Resume: handleUnaryCall<ResumeRequestMessage, RunSummary>;
  Remove: handleUnaryCall<RunRequestMessage, RemoveResponse>;
  Weights: handleServerStreamingCall<WeightsRequestMessage, WeightsChunk>;
}

/** A call that is answered once; without an answer within the options' deadline it fails with DEADLINE_EXCEEDED. */
type Unary<Request, Response> = (
  request: Request,
  options: CallOptions,
  callback: requestCallback<Response>,
) => ClientUnaryCall;

/** The operator's side. */
export interface RunsClient extends Client {
  have: Unary<HaveRequest, HaveResponseMessage>;
  push(callback: requestCallback<PushResponseMessage>): ClientWritableStream<PushChunk>;
  start: Unary<StartRequest, RunSummaryMessage>;
  list: Unary<ListRequest, ListResponseMessage>;
  show: Unary<RunRequest, RunDetailMessage>;
  losses(request: RunRequest): ClientReadableStream<LossChunkMessage>;
  digests(request: RunRequest): ClientReadableStream<DigestChunkMessage>;
  watch(request: RunRequest): ClientReadableStream<LogEntryMessage>;
  logs(request: LogsRequest): ClientReadableStream<LogEntryMessage>;
  stop: Unary<StopRequest, RunSummaryMessage>;
  resume: Unary<ResumeRequest, RunSummaryMessage>;
  remove: Unary<RunRequest, RemoveResponseMessage>;
  weights(request: WeightsRequest): ClientReadableStream<WeightsChunkMessage>;
}
