// Original file: protos/rocinante/training/v1/runs.proto


export interface LogEntry {
  'json'?: (string);
}

export interface LogEntry__Output {
  'json': (string);
}
