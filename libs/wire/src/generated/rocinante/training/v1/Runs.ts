// Original file: protos/rocinante/training/v1/runs.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { DigestChunk as _rocinante_training_v1_DigestChunk, DigestChunk__Output as _rocinante_training_v1_DigestChunk__Output } from '../../../rocinante/training/v1/DigestChunk.js';
import type { HaveRequest as _rocinante_training_v1_HaveRequest, HaveRequest__Output as _rocinante_training_v1_HaveRequest__Output } from '../../../rocinante/training/v1/HaveRequest.js';
import type { HaveResponse as _rocinante_training_v1_HaveResponse, HaveResponse__Output as _rocinante_training_v1_HaveResponse__Output } from '../../../rocinante/training/v1/HaveResponse.js';
import type { ListRequest as _rocinante_training_v1_ListRequest, ListRequest__Output as _rocinante_training_v1_ListRequest__Output } from '../../../rocinante/training/v1/ListRequest.js';
import type { ListResponse as _rocinante_training_v1_ListResponse, ListResponse__Output as _rocinante_training_v1_ListResponse__Output } from '../../../rocinante/training/v1/ListResponse.js';
import type { LogEntry as _rocinante_training_v1_LogEntry, LogEntry__Output as _rocinante_training_v1_LogEntry__Output } from '../../../rocinante/training/v1/LogEntry.js';
import type { LogsRequest as _rocinante_training_v1_LogsRequest, LogsRequest__Output as _rocinante_training_v1_LogsRequest__Output } from '../../../rocinante/training/v1/LogsRequest.js';
import type { LossChunk as _rocinante_training_v1_LossChunk, LossChunk__Output as _rocinante_training_v1_LossChunk__Output } from '../../../rocinante/training/v1/LossChunk.js';
import type { PushChunk as _rocinante_training_v1_PushChunk, PushChunk__Output as _rocinante_training_v1_PushChunk__Output } from '../../../rocinante/training/v1/PushChunk.js';
import type { PushResponse as _rocinante_training_v1_PushResponse, PushResponse__Output as _rocinante_training_v1_PushResponse__Output } from '../../../rocinante/training/v1/PushResponse.js';
import type { RemoveResponse as _rocinante_training_v1_RemoveResponse, RemoveResponse__Output as _rocinante_training_v1_RemoveResponse__Output } from '../../../rocinante/training/v1/RemoveResponse.js';
import type { ResumeRequest as _rocinante_training_v1_ResumeRequest, ResumeRequest__Output as _rocinante_training_v1_ResumeRequest__Output } from '../../../rocinante/training/v1/ResumeRequest.js';
import type { RunDetail as _rocinante_training_v1_RunDetail, RunDetail__Output as _rocinante_training_v1_RunDetail__Output } from '../../../rocinante/training/v1/RunDetail.js';
import type { RunRequest as _rocinante_training_v1_RunRequest, RunRequest__Output as _rocinante_training_v1_RunRequest__Output } from '../../../rocinante/training/v1/RunRequest.js';
import type { RunSummary as _rocinante_training_v1_RunSummary, RunSummary__Output as _rocinante_training_v1_RunSummary__Output } from '../../../rocinante/training/v1/RunSummary.js';
import type { StartRequest as _rocinante_training_v1_StartRequest, StartRequest__Output as _rocinante_training_v1_StartRequest__Output } from '../../../rocinante/training/v1/StartRequest.js';
import type { StopRequest as _rocinante_training_v1_StopRequest, StopRequest__Output as _rocinante_training_v1_StopRequest__Output } from '../../../rocinante/training/v1/StopRequest.js';
import type { WeightsChunk as _rocinante_training_v1_WeightsChunk, WeightsChunk__Output as _rocinante_training_v1_WeightsChunk__Output } from '../../../rocinante/training/v1/WeightsChunk.js';
import type { WeightsRequest as _rocinante_training_v1_WeightsRequest, WeightsRequest__Output as _rocinante_training_v1_WeightsRequest__Output } from '../../../rocinante/training/v1/WeightsRequest.js';

export interface RunsClient extends grpc.Client {
  Digests(argument: _rocinante_training_v1_RunRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_rocinante_training_v1_DigestChunk__Output>;
  Digests(argument: _rocinante_training_v1_RunRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_rocinante_training_v1_DigestChunk__Output>;
  digests(argument: _rocinante_training_v1_RunRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_rocinante_training_v1_DigestChunk__Output>;
  digests(argument: _rocinante_training_v1_RunRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_rocinante_training_v1_DigestChunk__Output>;
  
  Have(argument: _rocinante_training_v1_HaveRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_HaveResponse__Output>): grpc.ClientUnaryCall;
  Have(argument: _rocinante_training_v1_HaveRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_rocinante_training_v1_HaveResponse__Output>): grpc.ClientUnaryCall;
  Have(argument: _rocinante_training_v1_HaveRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_HaveResponse__Output>): grpc.ClientUnaryCall;
  Have(argument: _rocinante_training_v1_HaveRequest, callback: grpc.requestCallback<_rocinante_training_v1_HaveResponse__Output>): grpc.ClientUnaryCall;
  have(argument: _rocinante_training_v1_HaveRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_HaveResponse__Output>): grpc.ClientUnaryCall;
  have(argument: _rocinante_training_v1_HaveRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_rocinante_training_v1_HaveResponse__Output>): grpc.ClientUnaryCall;
  have(argument: _rocinante_training_v1_HaveRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_HaveResponse__Output>): grpc.ClientUnaryCall;
  have(argument: _rocinante_training_v1_HaveRequest, callback: grpc.requestCallback<_rocinante_training_v1_HaveResponse__Output>): grpc.ClientUnaryCall;
  
  List(argument: _rocinante_training_v1_ListRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_ListResponse__Output>): grpc.ClientUnaryCall;
  List(argument: _rocinante_training_v1_ListRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_rocinante_training_v1_ListResponse__Output>): grpc.ClientUnaryCall;
  List(argument: _rocinante_training_v1_ListRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_ListResponse__Output>): grpc.ClientUnaryCall;
  List(argument: _rocinante_training_v1_ListRequest, callback: grpc.requestCallback<_rocinante_training_v1_ListResponse__Output>): grpc.ClientUnaryCall;
  list(argument: _rocinante_training_v1_ListRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_ListResponse__Output>): grpc.ClientUnaryCall;
  list(argument: _rocinante_training_v1_ListRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_rocinante_training_v1_ListResponse__Output>): grpc.ClientUnaryCall;
  list(argument: _rocinante_training_v1_ListRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_ListResponse__Output>): grpc.ClientUnaryCall;
  list(argument: _rocinante_training_v1_ListRequest, callback: grpc.requestCallback<_rocinante_training_v1_ListResponse__Output>): grpc.ClientUnaryCall;
  
  Logs(argument: _rocinante_training_v1_LogsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_rocinante_training_v1_LogEntry__Output>;
  Logs(argument: _rocinante_training_v1_LogsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_rocinante_training_v1_LogEntry__Output>;
  logs(argument: _rocinante_training_v1_LogsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_rocinante_training_v1_LogEntry__Output>;
  logs(argument: _rocinante_training_v1_LogsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_rocinante_training_v1_LogEntry__Output>;
  
  Losses(argument: _rocinante_training_v1_RunRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_rocinante_training_v1_LossChunk__Output>;
  Losses(argument: _rocinante_training_v1_RunRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_rocinante_training_v1_LossChunk__Output>;
  losses(argument: _rocinante_training_v1_RunRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_rocinante_training_v1_LossChunk__Output>;
  losses(argument: _rocinante_training_v1_RunRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_rocinante_training_v1_LossChunk__Output>;
  
  Push(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_PushResponse__Output>): grpc.ClientWritableStream<_rocinante_training_v1_PushChunk>;
  Push(metadata: grpc.Metadata, callback: grpc.requestCallback<_rocinante_training_v1_PushResponse__Output>): grpc.ClientWritableStream<_rocinante_training_v1_PushChunk>;
  Push(options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_PushResponse__Output>): grpc.ClientWritableStream<_rocinante_training_v1_PushChunk>;
  Push(callback: grpc.requestCallback<_rocinante_training_v1_PushResponse__Output>): grpc.ClientWritableStream<_rocinante_training_v1_PushChunk>;
  push(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_PushResponse__Output>): grpc.ClientWritableStream<_rocinante_training_v1_PushChunk>;
  push(metadata: grpc.Metadata, callback: grpc.requestCallback<_rocinante_training_v1_PushResponse__Output>): grpc.ClientWritableStream<_rocinante_training_v1_PushChunk>;
  push(options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_PushResponse__Output>): grpc.ClientWritableStream<_rocinante_training_v1_PushChunk>;
  push(callback: grpc.requestCallback<_rocinante_training_v1_PushResponse__Output>): grpc.ClientWritableStream<_rocinante_training_v1_PushChunk>;
  
  Remove(argument: _rocinante_training_v1_RunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_RemoveResponse__Output>): grpc.ClientUnaryCall;
  Remove(argument: _rocinante_training_v1_RunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_rocinante_training_v1_RemoveResponse__Output>): grpc.ClientUnaryCall;
  Remove(argument: _rocinante_training_v1_RunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_RemoveResponse__Output>): grpc.ClientUnaryCall;
  Remove(argument: _rocinante_training_v1_RunRequest, callback: grpc.requestCallback<_rocinante_training_v1_RemoveResponse__Output>): grpc.ClientUnaryCall;
  remove(argument: _rocinante_training_v1_RunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_RemoveResponse__Output>): grpc.ClientUnaryCall;
  remove(argument: _rocinante_training_v1_RunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_rocinante_training_v1_RemoveResponse__Output>): grpc.ClientUnaryCall;
  remove(argument: _rocinante_training_v1_RunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_RemoveResponse__Output>): grpc.ClientUnaryCall;
  remove(argument: _rocinante_training_v1_RunRequest, callback: grpc.requestCallback<_rocinante_training_v1_RemoveResponse__Output>): grpc.ClientUnaryCall;
  
  Resume(argument: _rocinante_training_v1_ResumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_RunSummary__Output>): grpc.ClientUnaryCall;
  Resume(argument: _rocinante_training_v1_ResumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_rocinante_training_v1_RunSummary__Output>): grpc.ClientUnaryCall;
  Resume(argument: _rocinante_training_v1_ResumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_RunSummary__Output>): grpc.ClientUnaryCall;
  Resume(argument: _rocinante_training_v1_ResumeRequest, callback: grpc.requestCallback<_rocinante_training_v1_RunSummary__Output>): grpc.ClientUnaryCall;
  resume(argument: _rocinante_training_v1_ResumeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_RunSummary__Output>): grpc.ClientUnaryCall;
  resume(argument: _rocinante_training_v1_ResumeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_rocinante_training_v1_RunSummary__Output>): grpc.ClientUnaryCall;
  resume(argument: _rocinante_training_v1_ResumeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_RunSummary__Output>): grpc.ClientUnaryCall;
  resume(argument: _rocinante_training_v1_ResumeRequest, callback: grpc.requestCallback<_rocinante_training_v1_RunSummary__Output>): grpc.ClientUnaryCall;
  
  Show(argument: _rocinante_training_v1_RunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_RunDetail__Output>): grpc.ClientUnaryCall;
  Show(argument: _rocinante_training_v1_RunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_rocinante_training_v1_RunDetail__Output>): grpc.ClientUnaryCall;
  Show(argument: _rocinante_training_v1_RunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_RunDetail__Output>): grpc.ClientUnaryCall;
  Show(argument: _rocinante_training_v1_RunRequest, callback: grpc.requestCallback<_rocinante_training_v1_RunDetail__Output>): grpc.ClientUnaryCall;
  show(argument: _rocinante_training_v1_RunRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_RunDetail__Output>): grpc.ClientUnaryCall;
  show(argument: _rocinante_training_v1_RunRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_rocinante_training_v1_RunDetail__Output>): grpc.ClientUnaryCall;
  show(argument: _rocinante_training_v1_RunRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_RunDetail__Output>): grpc.ClientUnaryCall;
  show(argument: _rocinante_training_v1_RunRequest, callback: grpc.requestCallback<_rocinante_training_v1_RunDetail__Output>): grpc.ClientUnaryCall;
  
  Start(argument: _rocinante_training_v1_StartRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_RunSummary__Output>): grpc.ClientUnaryCall;
  Start(argument: _rocinante_training_v1_StartRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_rocinante_training_v1_RunSummary__Output>): grpc.ClientUnaryCall;
  Start(argument: _rocinante_training_v1_StartRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_RunSummary__Output>): grpc.ClientUnaryCall;
  Start(argument: _rocinante_training_v1_StartRequest, callback: grpc.requestCallback<_rocinante_training_v1_RunSummary__Output>): grpc.ClientUnaryCall;
  start(argument: _rocinante_training_v1_StartRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_RunSummary__Output>): grpc.ClientUnaryCall;
  start(argument: _rocinante_training_v1_StartRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_rocinante_training_v1_RunSummary__Output>): grpc.ClientUnaryCall;
  start(argument: _rocinante_training_v1_StartRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_RunSummary__Output>): grpc.ClientUnaryCall;
  start(argument: _rocinante_training_v1_StartRequest, callback: grpc.requestCallback<_rocinante_training_v1_RunSummary__Output>): grpc.ClientUnaryCall;
  
  Stop(argument: _rocinante_training_v1_StopRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_RunSummary__Output>): grpc.ClientUnaryCall;
  Stop(argument: _rocinante_training_v1_StopRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_rocinante_training_v1_RunSummary__Output>): grpc.ClientUnaryCall;
  Stop(argument: _rocinante_training_v1_StopRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_RunSummary__Output>): grpc.ClientUnaryCall;
  Stop(argument: _rocinante_training_v1_StopRequest, callback: grpc.requestCallback<_rocinante_training_v1_RunSummary__Output>): grpc.ClientUnaryCall;
  stop(argument: _rocinante_training_v1_StopRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_RunSummary__Output>): grpc.ClientUnaryCall;
  stop(argument: _rocinante_training_v1_StopRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_rocinante_training_v1_RunSummary__Output>): grpc.ClientUnaryCall;
  stop(argument: _rocinante_training_v1_StopRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_rocinante_training_v1_RunSummary__Output>): grpc.ClientUnaryCall;
  stop(argument: _rocinante_training_v1_StopRequest, callback: grpc.requestCallback<_rocinante_training_v1_RunSummary__Output>): grpc.ClientUnaryCall;
  
  Watch(argument: _rocinante_training_v1_RunRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_rocinante_training_v1_LogEntry__Output>;
  Watch(argument: _rocinante_training_v1_RunRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_rocinante_training_v1_LogEntry__Output>;
  watch(argument: _rocinante_training_v1_RunRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_rocinante_training_v1_LogEntry__Output>;
  watch(argument: _rocinante_training_v1_RunRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_rocinante_training_v1_LogEntry__Output>;
  
  Weights(argument: _rocinante_training_v1_WeightsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_rocinante_training_v1_WeightsChunk__Output>;
  Weights(argument: _rocinante_training_v1_WeightsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_rocinante_training_v1_WeightsChunk__Output>;
  weights(argument: _rocinante_training_v1_WeightsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_rocinante_training_v1_WeightsChunk__Output>;
  weights(argument: _rocinante_training_v1_WeightsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_rocinante_training_v1_WeightsChunk__Output>;
  
}

export interface RunsHandlers extends grpc.UntypedServiceImplementation {
  Digests: grpc.handleServerStreamingCall<_rocinante_training_v1_RunRequest__Output, _rocinante_training_v1_DigestChunk>;
  
  Have: grpc.handleUnaryCall<_rocinante_training_v1_HaveRequest__Output, _rocinante_training_v1_HaveResponse>;
  
  List: grpc.handleUnaryCall<_rocinante_training_v1_ListRequest__Output, _rocinante_training_v1_ListResponse>;
  
  Logs: grpc.handleServerStreamingCall<_rocinante_training_v1_LogsRequest__Output, _rocinante_training_v1_LogEntry>;
  
  Losses: grpc.handleServerStreamingCall<_rocinante_training_v1_RunRequest__Output, _rocinante_training_v1_LossChunk>;
  
  Push: grpc.handleClientStreamingCall<_rocinante_training_v1_PushChunk__Output, _rocinante_training_v1_PushResponse>;
  
  Remove: grpc.handleUnaryCall<_rocinante_training_v1_RunRequest__Output, _rocinante_training_v1_RemoveResponse>;
  
  Resume: grpc.handleUnaryCall<_rocinante_training_v1_ResumeRequest__Output, _rocinante_training_v1_RunSummary>;
  
  Show: grpc.handleUnaryCall<_rocinante_training_v1_RunRequest__Output, _rocinante_training_v1_RunDetail>;
  
  Start: grpc.handleUnaryCall<_rocinante_training_v1_StartRequest__Output, _rocinante_training_v1_RunSummary>;
  
  Stop: grpc.handleUnaryCall<_rocinante_training_v1_StopRequest__Output, _rocinante_training_v1_RunSummary>;
  
  Watch: grpc.handleServerStreamingCall<_rocinante_training_v1_RunRequest__Output, _rocinante_training_v1_LogEntry>;
  
  Weights: grpc.handleServerStreamingCall<_rocinante_training_v1_WeightsRequest__Output, _rocinante_training_v1_WeightsChunk>;
  
}

export interface RunsDefinition extends grpc.ServiceDefinition {
  Digests: MethodDefinition<_rocinante_training_v1_RunRequest, _rocinante_training_v1_DigestChunk, _rocinante_training_v1_RunRequest__Output, _rocinante_training_v1_DigestChunk__Output>
  Have: MethodDefinition<_rocinante_training_v1_HaveRequest, _rocinante_training_v1_HaveResponse, _rocinante_training_v1_HaveRequest__Output, _rocinante_training_v1_HaveResponse__Output>
  List: MethodDefinition<_rocinante_training_v1_ListRequest, _rocinante_training_v1_ListResponse, _rocinante_training_v1_ListRequest__Output, _rocinante_training_v1_ListResponse__Output>
  Logs: MethodDefinition<_rocinante_training_v1_LogsRequest, _rocinante_training_v1_LogEntry, _rocinante_training_v1_LogsRequest__Output, _rocinante_training_v1_LogEntry__Output>
  Losses: MethodDefinition<_rocinante_training_v1_RunRequest, _rocinante_training_v1_LossChunk, _rocinante_training_v1_RunRequest__Output, _rocinante_training_v1_LossChunk__Output>
  Push: MethodDefinition<_rocinante_training_v1_PushChunk, _rocinante_training_v1_PushResponse, _rocinante_training_v1_PushChunk__Output, _rocinante_training_v1_PushResponse__Output>
  Remove: MethodDefinition<_rocinante_training_v1_RunRequest, _rocinante_training_v1_RemoveResponse, _rocinante_training_v1_RunRequest__Output, _rocinante_training_v1_RemoveResponse__Output>
  Resume: MethodDefinition<_rocinante_training_v1_ResumeRequest, _rocinante_training_v1_RunSummary, _rocinante_training_v1_ResumeRequest__Output, _rocinante_training_v1_RunSummary__Output>
  Show: MethodDefinition<_rocinante_training_v1_RunRequest, _rocinante_training_v1_RunDetail, _rocinante_training_v1_RunRequest__Output, _rocinante_training_v1_RunDetail__Output>
  Start: MethodDefinition<_rocinante_training_v1_StartRequest, _rocinante_training_v1_RunSummary, _rocinante_training_v1_StartRequest__Output, _rocinante_training_v1_RunSummary__Output>
  Stop: MethodDefinition<_rocinante_training_v1_StopRequest, _rocinante_training_v1_RunSummary, _rocinante_training_v1_StopRequest__Output, _rocinante_training_v1_RunSummary__Output>
  Watch: MethodDefinition<_rocinante_training_v1_RunRequest, _rocinante_training_v1_LogEntry, _rocinante_training_v1_RunRequest__Output, _rocinante_training_v1_LogEntry__Output>
  Weights: MethodDefinition<_rocinante_training_v1_WeightsRequest, _rocinante_training_v1_WeightsChunk, _rocinante_training_v1_WeightsRequest__Output, _rocinante_training_v1_WeightsChunk__Output>
}
