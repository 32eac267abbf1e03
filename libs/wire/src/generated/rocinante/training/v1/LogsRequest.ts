// Original file: protos/rocinante/training/v1/runs.proto


export interface LogsRequest {
  'run'?: (string);
  'worker'?: (string);
  'follow'?: (boolean);
  'tail'?: (number);
}

export interface LogsRequest__Output {
  'run': (string);
  'worker': (string);
  'follow': (boolean);
  'tail': (number);
}
