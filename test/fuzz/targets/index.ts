import type { Target } from '../target.js';
import { certificates, tokens } from './access.js';
import { checkpointFile } from './checkpoint.js';
import { corpusText } from './corpus.js';
import { bundlesAndHosts, eventLogs, runRecords, smallFiles } from './coordinator.js';
import { grpcBytes } from './grpc.js';
import { httpBytes } from './http.js';
import { ledger } from './ledger.js';
import { messages } from './messages.js';
import { configuration, manifest, shortTexts } from './texts.js';
import { safetensors, weights } from './weights.js';

/** All targets, by number; a number stays a target's, since its inputs follow from it. */
export const TARGETS: readonly (() => Target | Promise<Target>)[] = [
  safetensors,
  weights,
  checkpointFile,
  ledger,
  messages,
  corpusText,
  tokens,
  certificates,
  configuration,
  manifest,
  shortTexts,
  runRecords,
  smallFiles,
  eventLogs,
  bundlesAndHosts,
  httpBytes,
  grpcBytes,
];
