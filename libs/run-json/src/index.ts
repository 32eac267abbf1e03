export type { OutcomeJson } from './outcome.js';
export type { RunChange, RunJson, RunListJson, RunStateWord } from './run.js';
export type {
  EvaluationJson,
  IdleWorkerJson,
  IncidentJson,
  LimitsJson,
  LossPoint,
  PresentJson,
  RatePoint,
  ShownJson,
  WorkerCardJson,
  WorkerShareJson,
} from './shown.js';
