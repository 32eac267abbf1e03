import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Assign as _rocinante_training_v1_Assign, Assign__Output as _rocinante_training_v1_Assign__Output } from './rocinante/training/v1/Assign.js';
import type { ContributeSummary as _rocinante_training_v1_ContributeSummary, ContributeSummary__Output as _rocinante_training_v1_ContributeSummary__Output } from './rocinante/training/v1/ContributeSummary.js';
import type { ContributionRange as _rocinante_training_v1_ContributionRange, ContributionRange__Output as _rocinante_training_v1_ContributionRange__Output } from './rocinante/training/v1/ContributionRange.js';
import type { CoordinatorMessage as _rocinante_training_v1_CoordinatorMessage, CoordinatorMessage__Output as _rocinante_training_v1_CoordinatorMessage__Output } from './rocinante/training/v1/CoordinatorMessage.js';
import type { CorpusChunk as _rocinante_training_v1_CorpusChunk, CorpusChunk__Output as _rocinante_training_v1_CorpusChunk__Output } from './rocinante/training/v1/CorpusChunk.js';
import type { CorpusDescription as _rocinante_training_v1_CorpusDescription, CorpusDescription__Output as _rocinante_training_v1_CorpusDescription__Output } from './rocinante/training/v1/CorpusDescription.js';
import type { CorpusRequest as _rocinante_training_v1_CorpusRequest, CorpusRequest__Output as _rocinante_training_v1_CorpusRequest__Output } from './rocinante/training/v1/CorpusRequest.js';
import type { Credit as _rocinante_training_v1_Credit, Credit__Output as _rocinante_training_v1_Credit__Output } from './rocinante/training/v1/Credit.js';
import type { EndRun as _rocinante_training_v1_EndRun, EndRun__Output as _rocinante_training_v1_EndRun__Output } from './rocinante/training/v1/EndRun.js';
import type { EngineDescription as _rocinante_training_v1_EngineDescription, EngineDescription__Output as _rocinante_training_v1_EngineDescription__Output } from './rocinante/training/v1/EngineDescription.js';
import type { Evaluation as _rocinante_training_v1_Evaluation, Evaluation__Output as _rocinante_training_v1_Evaluation__Output } from './rocinante/training/v1/Evaluation.js';
import type { EvaluationResult as _rocinante_training_v1_EvaluationResult, EvaluationResult__Output as _rocinante_training_v1_EvaluationResult__Output } from './rocinante/training/v1/EvaluationResult.js';
import type { Grant as _rocinante_training_v1_Grant, Grant__Output as _rocinante_training_v1_Grant__Output } from './rocinante/training/v1/Grant.js';
import type { Hello as _rocinante_training_v1_Hello, Hello__Output as _rocinante_training_v1_Hello__Output } from './rocinante/training/v1/Hello.js';
import type { LogLines as _rocinante_training_v1_LogLines, LogLines__Output as _rocinante_training_v1_LogLines__Output } from './rocinante/training/v1/LogLines.js';
import type { Metrics as _rocinante_training_v1_Metrics, Metrics__Output as _rocinante_training_v1_Metrics__Output } from './rocinante/training/v1/Metrics.js';
import type { MicroBatchResult as _rocinante_training_v1_MicroBatchResult, MicroBatchResult__Output as _rocinante_training_v1_MicroBatchResult__Output } from './rocinante/training/v1/MicroBatchResult.js';
import type { ParametersRange as _rocinante_training_v1_ParametersRange, ParametersRange__Output as _rocinante_training_v1_ParametersRange__Output } from './rocinante/training/v1/ParametersRange.js';
import type { ParametersRequest as _rocinante_training_v1_ParametersRequest, ParametersRequest__Output as _rocinante_training_v1_ParametersRequest__Output } from './rocinante/training/v1/ParametersRequest.js';
import type { Ready as _rocinante_training_v1_Ready, Ready__Output as _rocinante_training_v1_Ready__Output } from './rocinante/training/v1/Ready.js';
import type { Report as _rocinante_training_v1_Report, Report__Output as _rocinante_training_v1_Report__Output } from './rocinante/training/v1/Report.js';
import type { SampleRequest as _rocinante_training_v1_SampleRequest, SampleRequest__Output as _rocinante_training_v1_SampleRequest__Output } from './rocinante/training/v1/SampleRequest.js';
import type { SampleResult as _rocinante_training_v1_SampleResult, SampleResult__Output as _rocinante_training_v1_SampleResult__Output } from './rocinante/training/v1/SampleResult.js';
import type { StartRun as _rocinante_training_v1_StartRun, StartRun__Output as _rocinante_training_v1_StartRun__Output } from './rocinante/training/v1/StartRun.js';
import type { TrainingClient as _rocinante_training_v1_TrainingClient, TrainingDefinition as _rocinante_training_v1_TrainingDefinition } from './rocinante/training/v1/Training.js';
import type { Trouble as _rocinante_training_v1_Trouble, Trouble__Output as _rocinante_training_v1_Trouble__Output } from './rocinante/training/v1/Trouble.js';
import type { Welcome as _rocinante_training_v1_Welcome, Welcome__Output as _rocinante_training_v1_Welcome__Output } from './rocinante/training/v1/Welcome.js';
import type { Withdraw as _rocinante_training_v1_Withdraw, Withdraw__Output as _rocinante_training_v1_Withdraw__Output } from './rocinante/training/v1/Withdraw.js';
import type { WorkerMessage as _rocinante_training_v1_WorkerMessage, WorkerMessage__Output as _rocinante_training_v1_WorkerMessage__Output } from './rocinante/training/v1/WorkerMessage.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  rocinante: {
    training: {
      v1: {
        Assign: MessageTypeDefinition<_rocinante_training_v1_Assign, _rocinante_training_v1_Assign__Output>
        ContributeSummary: MessageTypeDefinition<_rocinante_training_v1_ContributeSummary, _rocinante_training_v1_ContributeSummary__Output>
        ContributionRange: MessageTypeDefinition<_rocinante_training_v1_ContributionRange, _rocinante_training_v1_ContributionRange__Output>
        CoordinatorMessage: MessageTypeDefinition<_rocinante_training_v1_CoordinatorMessage, _rocinante_training_v1_CoordinatorMessage__Output>
        CorpusChunk: MessageTypeDefinition<_rocinante_training_v1_CorpusChunk, _rocinante_training_v1_CorpusChunk__Output>
        CorpusDescription: MessageTypeDefinition<_rocinante_training_v1_CorpusDescription, _rocinante_training_v1_CorpusDescription__Output>
        CorpusRequest: MessageTypeDefinition<_rocinante_training_v1_CorpusRequest, _rocinante_training_v1_CorpusRequest__Output>
        Credit: MessageTypeDefinition<_rocinante_training_v1_Credit, _rocinante_training_v1_Credit__Output>
        EndRun: MessageTypeDefinition<_rocinante_training_v1_EndRun, _rocinante_training_v1_EndRun__Output>
        EngineDescription: MessageTypeDefinition<_rocinante_training_v1_EngineDescription, _rocinante_training_v1_EngineDescription__Output>
        Evaluation: MessageTypeDefinition<_rocinante_training_v1_Evaluation, _rocinante_training_v1_Evaluation__Output>
        EvaluationResult: MessageTypeDefinition<_rocinante_training_v1_EvaluationResult, _rocinante_training_v1_EvaluationResult__Output>
        Grant: MessageTypeDefinition<_rocinante_training_v1_Grant, _rocinante_training_v1_Grant__Output>
        Hello: MessageTypeDefinition<_rocinante_training_v1_Hello, _rocinante_training_v1_Hello__Output>
        LogLines: MessageTypeDefinition<_rocinante_training_v1_LogLines, _rocinante_training_v1_LogLines__Output>
        Metrics: MessageTypeDefinition<_rocinante_training_v1_Metrics, _rocinante_training_v1_Metrics__Output>
        MicroBatchResult: MessageTypeDefinition<_rocinante_training_v1_MicroBatchResult, _rocinante_training_v1_MicroBatchResult__Output>
        ParametersRange: MessageTypeDefinition<_rocinante_training_v1_ParametersRange, _rocinante_training_v1_ParametersRange__Output>
        ParametersRequest: MessageTypeDefinition<_rocinante_training_v1_ParametersRequest, _rocinante_training_v1_ParametersRequest__Output>
        Ready: MessageTypeDefinition<_rocinante_training_v1_Ready, _rocinante_training_v1_Ready__Output>
        Report: MessageTypeDefinition<_rocinante_training_v1_Report, _rocinante_training_v1_Report__Output>
        SampleRequest: MessageTypeDefinition<_rocinante_training_v1_SampleRequest, _rocinante_training_v1_SampleRequest__Output>
        SampleResult: MessageTypeDefinition<_rocinante_training_v1_SampleResult, _rocinante_training_v1_SampleResult__Output>
        StartRun: MessageTypeDefinition<_rocinante_training_v1_StartRun, _rocinante_training_v1_StartRun__Output>
        Training: SubtypeConstructor<typeof grpc.Client, _rocinante_training_v1_TrainingClient> & { service: _rocinante_training_v1_TrainingDefinition }
        Trouble: MessageTypeDefinition<_rocinante_training_v1_Trouble, _rocinante_training_v1_Trouble__Output>
        Welcome: MessageTypeDefinition<_rocinante_training_v1_Welcome, _rocinante_training_v1_Welcome__Output>
        Withdraw: MessageTypeDefinition<_rocinante_training_v1_Withdraw, _rocinante_training_v1_Withdraw__Output>
        WorkKind: EnumTypeDefinition
        WorkerMessage: MessageTypeDefinition<_rocinante_training_v1_WorkerMessage, _rocinante_training_v1_WorkerMessage__Output>
      }
    }
  }
}

