// Original file: protos/rocinante/training/v1/training.proto


export interface Credit {
  'ranges'?: (number);
}

export interface Credit__Output {
  'ranges': (number);
}
