// Original file: protos/rocinante/training/v1/training.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ContributeSummary as _rocinante_training_v1_ContributeSummary, ContributeSummary__Output as _rocinante_training_v1_ContributeSummary__Output } from '../../../rocinante/training/v1/ContributeSummary.js';
import type { ContributionRange as _rocinante_training_v1_ContributionRange, ContributionRange__Output as _rocinante_training_v1_ContributionRange__Output } from '../../../rocinante/training/v1/ContributionRange.js';
import type { CoordinatorMessage as _rocinante_training_v1_CoordinatorMessage, CoordinatorMessage__Output as _rocinante_training_v1_CoordinatorMessage__Output } from '../../../rocinante/training/v1/CoordinatorMessage.js';
import type { CorpusChunk as _rocinante_training_v1_CorpusChunk, CorpusChunk__Output as _rocinante_training_v1_CorpusChunk__Output } from '../../../rocinante/training/v1/CorpusChunk.js';
import type { CorpusRequest as _rocinante_training_v1_CorpusRequest, CorpusRequest__Output as _rocinante_training_v1_CorpusRequest__Output } from '../../../rocinante/training/v1/CorpusRequest.js';
import type { ParametersRange as _rocinante_training_v1_ParametersRange, ParametersRange__Output as _rocinante_training_v1_ParametersRange__Output } from '../../../rocinante/training/v1/ParametersRange.js';
import type { ParametersRequest as _rocinante_training_v1_ParametersRequest, ParametersRequest__Output as _rocinante_training_v1_ParametersRequest__Output } from '../../../rocinante/training/v1/ParametersRequest.js';
import type { WorkerMessage as _rocinante_training_v1_WorkerMessage, WorkerMessage__Output as _rocinante_training_v1_WorkerMessage__Output } from '../../../rocinante/training/v1/WorkerMessage.js';

export interface TrainingClient extends grpc.Client {
  Contribute(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_ContributeSummary__Output>): grpc.ClientWritableStream<_rocinante_training_v1_ContributionRange>;
  Contribute(metadata: grpc.Metadata, callback: grpc.requestCallback<_rocinante_training_v1_ContributeSummary__Output>): grpc.ClientWritableStream<_rocinante_training_v1_ContributionRange>;
  Contribute(options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_ContributeSummary__Output>): grpc.ClientWritableStream<_rocinante_training_v1_ContributionRange>;
  Contribute(callback: grpc.requestCallback<_rocinante_training_v1_ContributeSummary__Output>): grpc.ClientWritableStream<_rocinante_training_v1_ContributionRange>;
  contribute(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_ContributeSummary__Output>): grpc.ClientWritableStream<_rocinante_training_v1_ContributionRange>;
  contribute(metadata: grpc.Metadata, callback: grpc.requestCallback<_rocinante_training_v1_ContributeSummary__Output>): grpc.ClientWritableStream<_rocinante_training_v1_ContributionRange>;
  contribute(options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_ContributeSummary__Output>): grpc.ClientWritableStream<_rocinante_training_v1_ContributionRange>;
  contribute(callback: grpc.requestCallback<_rocinante_training_v1_ContributeSummary__Output>): grpc.ClientWritableStream<_rocinante_training_v1_ContributionRange>;
  
  Corpus(argument: _rocinante_training_v1_CorpusRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_rocinante_training_v1_CorpusChunk__Output>;
  Corpus(argument: _rocinante_training_v1_CorpusRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_rocinante_training_v1_CorpusChunk__Output>;
  corpus(argument: _rocinante_training_v1_CorpusRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_rocinante_training_v1_CorpusChunk__Output>;
  corpus(argument: _rocinante_training_v1_CorpusRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_rocinante_training_v1_CorpusChunk__Output>;
  
  Parameters(argument: _rocinante_training_v1_ParametersRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_rocinante_training_v1_ParametersRange__Output>;
  Parameters(argument: _rocinante_training_v1_ParametersRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_rocinante_training_v1_ParametersRange__Output>;
  parameters(argument: _rocinante_training_v1_ParametersRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_rocinante_training_v1_ParametersRange__Output>;
  parameters(argument: _rocinante_training_v1_ParametersRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_rocinante_training_v1_ParametersRange__Output>;
  
  Work(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_rocinante_training_v1_WorkerMessage, _rocinante_training_v1_CoordinatorMessage__Output>;
  Work(options?: grpc.CallOptions): grpc.ClientDuplexStream<_rocinante_training_v1_WorkerMessage, _rocinante_training_v1_CoordinatorMessage__Output>;
  work(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_rocinante_training_v1_WorkerMessage, _rocinante_training_v1_CoordinatorMessage__Output>;
  work(options?: grpc.CallOptions): grpc.ClientDuplexStream<_rocinante_training_v1_WorkerMessage, _rocinante_training_v1_CoordinatorMessage__Output>;
  
}

export interface TrainingHandlers extends grpc.UntypedServiceImplementation {
  Contribute: grpc.handleClientStreamingCall<_rocinante_training_v1_ContributionRange__Output, _rocinante_training_v1_ContributeSummary>;
  
  Corpus: grpc.handleServerStreamingCall<_rocinante_training_v1_CorpusRequest__Output, _rocinante_training_v1_CorpusChunk>;
  
  Parameters: grpc.handleServerStreamingCall<_rocinante_training_v1_ParametersRequest__Output, _rocinante_training_v1_ParametersRange>;
  
  Work: grpc.handleBidiStreamingCall<_rocinante_training_v1_WorkerMessage__Output, _rocinante_training_v1_CoordinatorMessage>;
  
}

export interface TrainingDefinition extends grpc.ServiceDefinition {
  Contribute: MethodDefinition<_rocinante_training_v1_ContributionRange, _rocinante_training_v1_ContributeSummary, _rocinante_training_v1_ContributionRange__Output, _rocinante_training_v1_ContributeSummary__Output>
  Corpus: MethodDefinition<_rocinante_training_v1_CorpusRequest, _rocinante_training_v1_CorpusChunk, _rocinante_training_v1_CorpusRequest__Output, _rocinante_training_v1_CorpusChunk__Output>
  Parameters: MethodDefinition<_rocinante_training_v1_ParametersRequest, _rocinante_training_v1_ParametersRange, _rocinante_training_v1_ParametersRequest__Output, _rocinante_training_v1_ParametersRange__Output>
  Work: MethodDefinition<_rocinante_training_v1_WorkerMessage, _rocinante_training_v1_CoordinatorMessage, _rocinante_training_v1_WorkerMessage__Output, _rocinante_training_v1_CoordinatorMessage__Output>
}
