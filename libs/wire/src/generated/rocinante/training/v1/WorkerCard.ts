// Original file: protos/rocinante/training/v1/runs.proto


export interface WorkerCard {
  'number'?: (string);
  'uuid'?: (string);
  'model'?: (string);
  'utilization'?: (number | string);
  'memoryUsedBytes'?: (number | string);
  'memoryTotalBytes'?: (number | string);
  'temperatureCelsius'?: (number | string);
  'powerWatts'?: (number | string);
  'throttled'?: (string)[];
  'uncorrectedEccErrors'?: (number | string);
  'xidErrors'?: (number | string);
  '_utilization'?: "utilization";
  '_memoryUsedBytes'?: "memoryUsedBytes";
  '_memoryTotalBytes'?: "memoryTotalBytes";
  '_temperatureCelsius'?: "temperatureCelsius";
  '_powerWatts'?: "powerWatts";
  '_uncorrectedEccErrors'?: "uncorrectedEccErrors";
  '_xidErrors'?: "xidErrors";
}

export interface WorkerCard__Output {
  'number': (string);
  'uuid': (string);
  'model': (string);
  'utilization'?: (number);
  'memoryUsedBytes'?: (number);
  'memoryTotalBytes'?: (number);
  'temperatureCelsius'?: (number);
  'powerWatts'?: (number);
  'throttled': (string)[];
  'uncorrectedEccErrors'?: (number);
  'xidErrors'?: (number);
  '_utilization'?: "utilization";
  '_memoryUsedBytes'?: "memoryUsedBytes";
  '_memoryTotalBytes'?: "memoryTotalBytes";
  '_temperatureCelsius'?: "temperatureCelsius";
  '_powerWatts'?: "powerWatts";
  '_uncorrectedEccErrors'?: "uncorrectedEccErrors";
  '_xidErrors'?: "xidErrors";
}
