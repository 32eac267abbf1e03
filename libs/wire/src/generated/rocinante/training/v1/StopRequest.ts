// Original file: protos/rocinante/training/v1/runs.proto


export interface StopRequest {
  'run'?: (string);
  'reason'?: (string);
}

export interface StopRequest__Output {
  'run': (string);
  'reason': (string);
}
