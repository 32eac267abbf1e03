/**
 * For specs: the operator's commands as they are typed, against a real gRPC server whose answers are written by hand.
 *
 * A spec that imports this has a folder of its own and at most one server, which end with it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ListeningServer, RunsHandlers } from '@rocinante/wire';
import { afterAll, afterEach, vi } from 'vitest';
import { detailOf, runningRun, serveRuns } from '../client/spec-scripted-coordinator.js';
import { main } from '../main.js';

export const folder = mkdtempSync(join(tmpdir(), 'rocinante-run-'));
afterAll(() => rmSync(folder, { recursive: true }));

// The commands are typed many times in one process, and each listens for a reader that went away.
process.stdout.setMaxListeners(0);

let server: ListeningServer | null = null;
afterEach(stopServer);

export async function stopServer(): Promise<void> {
  await server?.stop();
  server = null;
}

export function file(name: string, contents: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, contents);
  return path;
}

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Types a command to a server with these answers. */
export async function rocinante(handlers: Partial<RunsHandlers>, ...args: string[]): Promise<Said> {
  server = await serveRuns(handlers);
  return type([...args, '--coordinator', server.address]);
}

export async function type(args: readonly string[]): Promise<Said> {
  let stdout = '';
  let stderr = '';
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
  try {
    return { code: await main(args), stdout, stderr };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

export function lastLine({ stdout }: Said): unknown {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!);
}

export const show: Partial<RunsHandlers> = {
  Show: (_call, callback) => callback(null, detailOf(runningRun)),
};
export const losses: Partial<RunsHandlers> = {
  Losses: (call) => {
    call.write({ firstStep: 1, losses: Array.from({ length: 40 }, (_, index) => 4 - index / 20) });
    call.end();
  },
};
