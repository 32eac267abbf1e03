// Original file: protos/rocinante/training/v1/runs.proto


export interface WeightsRequest {
  'run'?: (string);
  'which'?: (string);
}

export interface WeightsRequest__Output {
  'run': (string);
  'which': (string);
}
