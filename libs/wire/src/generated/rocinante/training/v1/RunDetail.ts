// Original file: protos/rocinante/training/v1/runs.proto

import type { RunSummary as _rocinante_training_v1_RunSummary, RunSummary__Output as _rocinante_training_v1_RunSummary__Output } from '../../../rocinante/training/v1/RunSummary.js';
import type { RunLimits as _rocinante_training_v1_RunLimits, RunLimits__Output as _rocinante_training_v1_RunLimits__Output } from '../../../rocinante/training/v1/RunLimits.js';
import type { WorkerShare as _rocinante_training_v1_WorkerShare, WorkerShare__Output as _rocinante_training_v1_WorkerShare__Output } from '../../../rocinante/training/v1/WorkerShare.js';
import type { HistoryPoint as _rocinante_training_v1_HistoryPoint, HistoryPoint__Output as _rocinante_training_v1_HistoryPoint__Output } from '../../../rocinante/training/v1/HistoryPoint.js';
import type { Incident as _rocinante_training_v1_Incident, Incident__Output as _rocinante_training_v1_Incident__Output } from '../../../rocinante/training/v1/Incident.js';
import type { IdleWorker as _rocinante_training_v1_IdleWorker, IdleWorker__Output as _rocinante_training_v1_IdleWorker__Output } from '../../../rocinante/training/v1/IdleWorker.js';
import type { Long } from '@grpc/proto-loader';

export interface RunDetail {
  'summary'?: (_rocinante_training_v1_RunSummary | null);
  'configJson'?: (string);
  'limits'?: (_rocinante_training_v1_RunLimits | null);
  'corpusSha256'?: (string);
  'corpusName'?: (string);
  'workers'?: (_rocinante_training_v1_WorkerShare)[];
  'history'?: (_rocinante_training_v1_HistoryPoint)[];
  'incidents'?: (_rocinante_training_v1_Incident)[];
  'checkpoints'?: (string)[];
  'bestCheckpoint'?: (string);
  'bytesSent'?: (number | string | Long);
  'bytesReceived'?: (number | string | Long);
  'boundBy'?: (string);
  'idleWorkers'?: (_rocinante_training_v1_IdleWorker)[];
  'joiningProof'?: (string);
  'notExactSince'?: (number | string | Long);
  '_notExactSince'?: "notExactSince";
}

export interface RunDetail__Output {
  'summary': (_rocinante_training_v1_RunSummary__Output | null);
  'configJson': (string);
  'limits': (_rocinante_training_v1_RunLimits__Output | null);
  'corpusSha256': (string);
  'corpusName': (string);
  'workers': (_rocinante_training_v1_WorkerShare__Output)[];
  'history': (_rocinante_training_v1_HistoryPoint__Output)[];
  'incidents': (_rocinante_training_v1_Incident__Output)[];
  'checkpoints': (string)[];
  'bestCheckpoint': (string);
  'bytesSent': (number);
  'bytesReceived': (number);
  'boundBy': (string);
  'idleWorkers': (_rocinante_training_v1_IdleWorker__Output)[];
  'joiningProof': (string);
  'notExactSince'?: (number);
  '_notExactSince'?: "notExactSince";
}
