import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { DigestChunk as _rocinante_training_v1_DigestChunk, DigestChunk__Output as _rocinante_training_v1_DigestChunk__Output } from './rocinante/training/v1/DigestChunk.js';
import type { HaveRequest as _rocinante_training_v1_HaveRequest, HaveRequest__Output as _rocinante_training_v1_HaveRequest__Output } from './rocinante/training/v1/HaveRequest.js';
import type { HaveResponse as _rocinante_training_v1_HaveResponse, HaveResponse__Output as _rocinante_training_v1_HaveResponse__Output } from './rocinante/training/v1/HaveResponse.js';
import type { HistoryPoint as _rocinante_training_v1_HistoryPoint, HistoryPoint__Output as _rocinante_training_v1_HistoryPoint__Output } from './rocinante/training/v1/HistoryPoint.js';
import type { IdleWorker as _rocinante_training_v1_IdleWorker, IdleWorker__Output as _rocinante_training_v1_IdleWorker__Output } from './rocinante/training/v1/IdleWorker.js';
import type { Incident as _rocinante_training_v1_Incident, Incident__Output as _rocinante_training_v1_Incident__Output } from './rocinante/training/v1/Incident.js';
import type { ListRequest as _rocinante_training_v1_ListRequest, ListRequest__Output as _rocinante_training_v1_ListRequest__Output } from './rocinante/training/v1/ListRequest.js';
import type { ListResponse as _rocinante_training_v1_ListResponse, ListResponse__Output as _rocinante_training_v1_ListResponse__Output } from './rocinante/training/v1/ListResponse.js';
import type { LogEntry as _rocinante_training_v1_LogEntry, LogEntry__Output as _rocinante_training_v1_LogEntry__Output } from './rocinante/training/v1/LogEntry.js';
import type { LogsRequest as _rocinante_training_v1_LogsRequest, LogsRequest__Output as _rocinante_training_v1_LogsRequest__Output } from './rocinante/training/v1/LogsRequest.js';
import type { LossChunk as _rocinante_training_v1_LossChunk, LossChunk__Output as _rocinante_training_v1_LossChunk__Output } from './rocinante/training/v1/LossChunk.js';
import type { PushChunk as _rocinante_training_v1_PushChunk, PushChunk__Output as _rocinante_training_v1_PushChunk__Output } from './rocinante/training/v1/PushChunk.js';
import type { PushResponse as _rocinante_training_v1_PushResponse, PushResponse__Output as _rocinante_training_v1_PushResponse__Output } from './rocinante/training/v1/PushResponse.js';
import type { RemoveResponse as _rocinante_training_v1_RemoveResponse, RemoveResponse__Output as _rocinante_training_v1_RemoveResponse__Output } from './rocinante/training/v1/RemoveResponse.js';
import type { ResumeRequest as _rocinante_training_v1_ResumeRequest, ResumeRequest__Output as _rocinante_training_v1_ResumeRequest__Output } from './rocinante/training/v1/ResumeRequest.js';
import type { RunDetail as _rocinante_training_v1_RunDetail, RunDetail__Output as _rocinante_training_v1_RunDetail__Output } from './rocinante/training/v1/RunDetail.js';
import type { RunLimits as _rocinante_training_v1_RunLimits, RunLimits__Output as _rocinante_training_v1_RunLimits__Output } from './rocinante/training/v1/RunLimits.js';
import type { RunRequest as _rocinante_training_v1_RunRequest, RunRequest__Output as _rocinante_training_v1_RunRequest__Output } from './rocinante/training/v1/RunRequest.js';
import type { RunSummary as _rocinante_training_v1_RunSummary, RunSummary__Output as _rocinante_training_v1_RunSummary__Output } from './rocinante/training/v1/RunSummary.js';
import type { RunsClient as _rocinante_training_v1_RunsClient, RunsDefinition as _rocinante_training_v1_RunsDefinition } from './rocinante/training/v1/Runs.js';
import type { StartRequest as _rocinante_training_v1_StartRequest, StartRequest__Output as _rocinante_training_v1_StartRequest__Output } from './rocinante/training/v1/StartRequest.js';
import type { StopRequest as _rocinante_training_v1_StopRequest, StopRequest__Output as _rocinante_training_v1_StopRequest__Output } from './rocinante/training/v1/StopRequest.js';
import type { WeightsChunk as _rocinante_training_v1_WeightsChunk, WeightsChunk__Output as _rocinante_training_v1_WeightsChunk__Output } from './rocinante/training/v1/WeightsChunk.js';
import type { WeightsRequest as _rocinante_training_v1_WeightsRequest, WeightsRequest__Output as _rocinante_training_v1_WeightsRequest__Output } from './rocinante/training/v1/WeightsRequest.js';
import type { WorkerCard as _rocinante_training_v1_WorkerCard, WorkerCard__Output as _rocinante_training_v1_WorkerCard__Output } from './rocinante/training/v1/WorkerCard.js';
import type { WorkerShare as _rocinante_training_v1_WorkerShare, WorkerShare__Output as _rocinante_training_v1_WorkerShare__Output } from './rocinante/training/v1/WorkerShare.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  rocinante: {
    training: {
      v1: {
        DigestChunk: MessageTypeDefinition<_rocinante_training_v1_DigestChunk, _rocinante_training_v1_DigestChunk__Output>
        HaveRequest: MessageTypeDefinition<_rocinante_training_v1_HaveRequest, _rocinante_training_v1_HaveRequest__Output>
        HaveResponse: MessageTypeDefinition<_rocinante_training_v1_HaveResponse, _rocinante_training_v1_HaveResponse__Output>
        HistoryPoint: MessageTypeDefinition<_rocinante_training_v1_HistoryPoint, _rocinante_training_v1_HistoryPoint__Output>
        IdleWorker: MessageTypeDefinition<_rocinante_training_v1_IdleWorker, _rocinante_training_v1_IdleWorker__Output>
        Incident: MessageTypeDefinition<_rocinante_training_v1_Incident, _rocinante_training_v1_Incident__Output>
        ListRequest: MessageTypeDefinition<_rocinante_training_v1_ListRequest, _rocinante_training_v1_ListRequest__Output>
        ListResponse: MessageTypeDefinition<_rocinante_training_v1_ListResponse, _rocinante_training_v1_ListResponse__Output>
        LogEntry: MessageTypeDefinition<_rocinante_training_v1_LogEntry, _rocinante_training_v1_LogEntry__Output>
        LogsRequest: MessageTypeDefinition<_rocinante_training_v1_LogsRequest, _rocinante_training_v1_LogsRequest__Output>
        LossChunk: MessageTypeDefinition<_rocinante_training_v1_LossChunk, _rocinante_training_v1_LossChunk__Output>
        PushChunk: MessageTypeDefinition<_rocinante_training_v1_PushChunk, _rocinante_training_v1_PushChunk__Output>
        PushResponse: MessageTypeDefinition<_rocinante_training_v1_PushResponse, _rocinante_training_v1_PushResponse__Output>
        RemoveResponse: MessageTypeDefinition<_rocinante_training_v1_RemoveResponse, _rocinante_training_v1_RemoveResponse__Output>
        ResumeRequest: MessageTypeDefinition<_rocinante_training_v1_ResumeRequest, _rocinante_training_v1_ResumeRequest__Output>
        RunDetail: MessageTypeDefinition<_rocinante_training_v1_RunDetail, _rocinante_training_v1_RunDetail__Output>
        RunLimits: MessageTypeDefinition<_rocinante_training_v1_RunLimits, _rocinante_training_v1_RunLimits__Output>
        RunRequest: MessageTypeDefinition<_rocinante_training_v1_RunRequest, _rocinante_training_v1_RunRequest__Output>
        RunState: EnumTypeDefinition
        RunSummary: MessageTypeDefinition<_rocinante_training_v1_RunSummary, _rocinante_training_v1_RunSummary__Output>
        Runs: SubtypeConstructor<typeof grpc.Client, _rocinante_training_v1_RunsClient> & { service: _rocinante_training_v1_RunsDefinition }
        StartRequest: MessageTypeDefinition<_rocinante_training_v1_StartRequest, _rocinante_training_v1_StartRequest__Output>
        StopRequest: MessageTypeDefinition<_rocinante_training_v1_StopRequest, _rocinante_training_v1_StopRequest__Output>
        WeightsChunk: MessageTypeDefinition<_rocinante_training_v1_WeightsChunk, _rocinante_training_v1_WeightsChunk__Output>
        WeightsRequest: MessageTypeDefinition<_rocinante_training_v1_WeightsRequest, _rocinante_training_v1_WeightsRequest__Output>
        WorkerCard: MessageTypeDefinition<_rocinante_training_v1_WorkerCard, _rocinante_training_v1_WorkerCard__Output>
        WorkerShare: MessageTypeDefinition<_rocinante_training_v1_WorkerShare, _rocinante_training_v1_WorkerShare__Output>
      }
    }
  }
}

