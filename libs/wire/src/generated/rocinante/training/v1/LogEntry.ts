// Original file: protos/rocinante/training/v1/runs.proto


export interface LogEntry {
  'json'?: (string);
  'skipped'?: (number);
}

export interface LogEntry__Output {
  'json': (string);
  'skipped': (number);
}
