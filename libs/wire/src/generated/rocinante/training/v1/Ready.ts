// Original file: protos/rocinante/training/v1/training.proto


export interface Ready {
  'run'?: (string);
  'proof'?: (string);
}

export interface Ready__Output {
  'run': (string);
  'proof': (string);
}
