import type {
  Client,
  ClientDuplexStream,
  ClientReadableStream,
  ClientWritableStream,
  handleBidiStreamingCall,
  handleClientStreamingCall,
  handleServerStreamingCall,
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
  ParametersRangeMessage,
  ParametersRequestMessage,
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
