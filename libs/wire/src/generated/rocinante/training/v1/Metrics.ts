// Original file: protos/rocinante/training/v1/training.proto


export interface Metrics {
  'text'?: (string);
}

export interface Metrics__Output {
  'text': (string);
}
