// Original file: protos/rocinante/training/v1/training.proto

import type { Long } from '@grpc/proto-loader';

export interface ContributeSummary {
  'rangesAdded'?: (number | string | Long);
  'rangesIgnored'?: (number | string | Long);
}

export interface ContributeSummary__Output {
  'rangesAdded': (number);
  'rangesIgnored': (number);
}
