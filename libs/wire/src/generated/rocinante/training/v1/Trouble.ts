// Original file: protos/rocinante/training/v1/training.proto


export interface Trouble {
  'code'?: (string);
  'message'?: (string);
  'run'?: (string);
}

export interface Trouble__Output {
  'code': (string);
  'message': (string);
  'run': (string);
}
