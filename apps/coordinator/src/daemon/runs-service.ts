import { status, type handleUnaryCall, type ServerUnaryCall, type ServerWritableStream } from '@grpc/grpc-js';
import { RocinanteError } from '@rocinante/base';
import { isRefusal, type Refusal } from '@rocinante/metrics';
import { callerOf, limits, statusOf, WireError, type PushResponse, type RunsHandlers } from '@rocinante/wire';
import { isExpected, UsageError } from '../errors.js';
import { RunDirectory } from '../run/run-directory.js';
import { ledgerPath } from '../run/ledger/ledger-keeper.js';
import type { AuditLog } from './audit-log.js';
import { takeContent } from './content-intake.js';
import { lossesOf } from './entry-reader.js';
import { digestsOf } from './ledger-reader.js';
import { Outlet } from './outlet.js';
import { removeRun, resumeRun, startRun, stopRun, type OrderParts } from './run-orders.js';
import { detailOf, listRuns, summaryOf, type ReportParts } from './run-report.js';
import { tellEntries, tellLines, type StreamParts } from './run-streams.js';
import type { StoredRun } from './run-store.js';
import { sendWeights } from './weights-sender.js';

export interface RunsServiceParts extends ReportParts, OrderParts, StreamParts {
  readonly audit: AuditLog;
  /**
   * A reader or a sender was given up, or what was sent or named refused; the message begins with the peer.
   * @param client what it calls itself; null where it says nothing.
   */
  readonly dropped: (code: Refusal, message: string, client: string | null) => void;
}

/** The operator's service: what is asked is done elsewhere, and what came of it said here. */
export class RunsService {
  readonly #parts: RunsServiceParts;

  constructor(parts: RunsServiceParts) {
    this.#parts = parts;
  }

  readonly handlers: RunsHandlers = {
    Have: this.#unary(({ sha256 }) => {
      if (sha256.length > limits.CONTENTS_ASKED_MAX) {
        throw new UsageError(
          `contents: expected at most ${limits.CONTENTS_ASKED_MAX} in one question, received ${sha256.length}`,
        );
      }
      return { sha256: this.#parts.contents.have(sha256, Date.now()) };
    }),
    Push: (call, callback) => {
      const take = (): Promise<PushResponse> => takeContent(call, this.#parts.contents);
      const nameOf = ({ sha256, known }: PushResponse): string =>
        known ? `${sha256}, which is there already` : sha256!;
      this.#parts.audit.carryOut('push', callerOf(call), 'a content', take, nameOf).then(
        (response) => callback(null, response),
        (error: unknown) => {
          // Nobody hears an answer where the sender itself went away.
          if (call.cancelled) return;
          callback(statusOf(error));
          this.#told(call, error, () => true);
        },
      );
    },
    Start: this.#unary(async (request, call) => {
      const start = (): Promise<StoredRun> => startRun(this.#parts, request);
      const what = request.name || 'a run';
      return summaryOf(
        this.#parts,
        await this.#parts.audit.carryOut('start', callerOf(call), what, start, ({ id }) => id),
      );
    }),
    List: this.#unary((request) => listRuns(this.#parts, request)),
    Show: this.#unary(({ run }) => detailOf(this.#parts, this.#parts.store.find(run))),
    Losses: (call) =>
      this.#stream(call, async (outlet) => {
        const path = this.#directory(call.request.run).eventsPath;
        for await (const chunk of lossesOf(path, limits.LOSSES_MAX)) {
          if (outlet.isGone) return;
          await outlet.send(chunk);
        }
      }),
    Digests: (call) =>
      this.#stream(call, async (outlet) => {
        const path = ledgerPath(this.#directory(call.request.run).path);
        for await (const chunk of digestsOf(path, limits.DIGESTS_MAX)) {
          if (outlet.isGone) return;
          await outlet.send(chunk);
        }
      }),
    Watch: (call) => this.#stream(call, (outlet) => tellEntries(this.#parts, outlet, call.request.run)),
    Logs: (call) => this.#stream(call, (outlet) => tellLines(this.#parts, outlet, call.request)),
    Stop: this.#unary(async ({ run, reason }, call) => {
      const stop = (): Promise<StoredRun> => stopRun(this.#parts, run, reason);
      return summaryOf(this.#parts, await this.#parts.audit.carryOut('stop', callerOf(call), run, stop));
    }),
    Resume: this.#unary(async (request, call) => {
      const resume = (): Promise<StoredRun> => resumeRun(this.#parts, request);
      const { audit } = this.#parts;
      return summaryOf(this.#parts, await audit.carryOut('resume', callerOf(call), request.run, resume));
    }),
    Remove: this.#unary(({ run }, call) =>
      this.#parts.audit.carryOut('remove', callerOf(call), run, () => removeRun(this.#parts, run)),
    ),
    Weights: (call) =>
      this.#stream(call, (outlet) => {
        const which = call.request.which || 'final';
        const pull = (): Promise<void> => {
          const run = this.#parts.store.find(call.request.run);
          return sendWeights(outlet, run, this.#directory(run.id), which);
        };
        return this.#parts.audit.carryOut('pull', callerOf(call), `${call.request.run} (${which})`, pull);
      }),
  };

  #directory(run: string): RunDirectory {
    const { store } = this.#parts;
    return new RunDirectory(store.directory(store.find(run).id));
  }

  /** Work that throws before it waits is answered as any other. */
  #stream<Message>(
    call: ServerWritableStream<unknown, Message>,
    work: (outlet: Outlet<Message>) => Promise<void>,
  ): void {
    void new Outlet(call)
      .serve(async (outlet) => work(outlet))
      .then((error) => error && this.#told(call, error));
  }

  /** A handler from a function: what it gives or throws is the call's answer or status. */
  #unary<Request, Response>(
    answer: (request: Request, call: ServerUnaryCall<Request, Response>) => Response | Promise<Response>,
  ): handleUnaryCall<Request, Response> {
    return (call, callback) => {
      Promise.resolve()
        .then(() => answer(call.request, call))
        .then(
          (response) => callback(null, response),
          (error: unknown) => {
            callback(statusOf(error));
            this.#told(call, error);
          },
        );
    };
  }

  /**
   * Counts a call whose arguments are refused, since our clients look at theirs before they ask: by the error's own code where
   * refusals are counted by it, else as INVALID_ARGUMENT or, where they were not to blame, as INTERNAL.
   * @param counts whether another error counts too.
   * @throws a programmer's error.
   */
  #told(
    call: Parameters<typeof callerOf>[0] & { getPath(): string },
    error: unknown,
    counts: (error: RocinanteError) => boolean = (error) => error instanceof WireError,
  ): void {
    if (!isExpected(error)) throw error;
    if (!(error instanceof RocinanteError)) return;
    if (statusOf(error).code !== status.INVALID_ARGUMENT && !counts(error)) return;
    const other = error.exitCode === 2 ? 'INVALID_ARGUMENT' : 'INTERNAL';
    const code = isRefusal(error.code) ? error.code : other;
    const { peer, client } = callerOf(call);
    this.#parts.dropped(code, `${peer}: ${call.getPath()}: ${error.message}`, client);
  }
}
