// Original file: protos/rocinante/training/v1/training.proto


export interface Welcome {
  'protocol'?: (number);
  'session'?: (string);
}

export interface Welcome__Output {
  'protocol': (number);
  'session': (string);
}
