import {
  connectivityState,
  type CallOptions,
  type ClientReadableStream,
  type ClientUnaryCall,
  type requestCallback,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import type { ClientSecurity, Role } from '@rocinante/access';
import {
  connectionTrouble,
  dialRuns,
  type ListRequest,
  type ListResponseMessage,
  type LogEntryMessage,
  type LogsRequest,
  type DigestChunkMessage,
  type LossChunkMessage,
  type RemoveResponseMessage,
  type ResumeRequest,
  type RunDetailMessage,
  type RunsClient,
  type RunSummaryMessage,
  type StartRequest,
  type WeightsChunkMessage,
  type WeightsRequest,
} from '@rocinante/wire';
import { callError, type CallPhase } from './call-errors.js';
import type { Content } from './content.js';
import { CoordinatorError, NoCoordinatorError, UntrustedError } from './errors.js';
import { ANSWER_TIMEOUT_MS, REACH_TIMEOUT_MS, STALL_TIMEOUT_MS } from './limits.js';
import { sendContent } from './push.js';

type UnaryCall<Request, Response> = (
  request: Request,
  options: CallOptions,
  callback: requestCallback<Response>,
) => ClientUnaryCall;

/**
 * A coordinator afar, as the operator's commands speak with it. What goes wrong is thrown as a line for a person:
 * NoCoordinatorError, ConnectionLostError, RefusedError or CoordinatorError.
 *
 * A command asks something that has one answer before it opens a stream, so a coordinator that is not there is noticed within
 * REACH_TIMEOUT_MS whatever the command.
 */
export class Coordinator {
  readonly address: string;
  readonly #client: RunsClient;
  readonly #need: Role;

  /**
   * @param address `host:port`
   * @param security absent speaks in plain, without a token.
   * @param need the role that all of what is to be asked needs, for the word on a token of another.
   */
  constructor(address: string, security?: ClientSecurity, need: Role = 'reader') {
    this.address = address;
    this.#need = need;
    this.#client = dialRuns(address, security);
  }

  close(): void {
    this.#client.close();
  }

  /** Those of some contents, by SHA-256, that the coordinator has. */
  async have(sha256: readonly string[]): Promise<ReadonlySet<string>> {
    return new Set((await this.#ask(this.#client.have, { sha256: [...sha256] })).sha256);
  }

  /**
   * Sends a content.
   * @returns whether it was there already.
   */
  async push(content: Content, onProgress: (sentBytes: number) => void): Promise<boolean> {
    const answer = await sendContent(this.#client, this.address, content, onProgress).catch(
      async (error: unknown) => {
        throw await this.#explain(error, 'receiving');
      },
    );
    return answer.known;
  }

  start(request: StartRequest): Promise<RunSummaryMessage> {
    return this.#ask(this.#client.start, request);
  }

  /** @param which what is empty or left out keeps none out. */
  list(which: ListRequest = {}): Promise<ListResponseMessage> {
    return this.#ask(this.#client.list, which);
  }

  async show(run: string): Promise<ShownRun> {
    const { summary, limits, ...detail } = await this.#ask(this.#client.show, { run });
    if (summary && limits) return { ...detail, summary, limits };
    throw new CoordinatorError(
      this.address,
      `its answer about run ${run} has no ${summary ? 'limits' : 'summary'}`,
    );
  }

  stop(run: string, reason: string): Promise<RunSummaryMessage> {
    return this.#ask(this.#client.stop, { run, reason });
  }

  resume(request: ResumeRequest): Promise<RunSummaryMessage> {
    return this.#ask(this.#client.resume, request);
  }

  remove(run: string): Promise<RemoveResponseMessage> {
    return this.#ask(this.#client.remove, { run });
  }

  /** Training losses of all closed steps, in order, in pieces; a step that the run's log lacks begins another piece. */
  losses(run: string): AsyncGenerator<LossChunkMessage> {
    return this.#receive(() => this.#client.losses({ run }), STALL_TIMEOUT_MS);
  }

  /**
   * What the run's ledger says that its steps made, in order, in pieces; nothing of a run without one, nor from a coordinator of a
   * release that does not tell it.
   */
  async *digests(run: string): AsyncGenerator<DigestChunkMessage> {
    try {
      yield* this.#receive(() => this.#client.digests({ run }), STALL_TIMEOUT_MS);
    } catch (error) {
      const cause = error instanceof CoordinatorError ? (error.cause as Partial<ServiceError>) : null;
      if (cause?.code !== status.UNIMPLEMENTED) throw error;
    }
  }

  /** Lines of the run's event log, as JSON, until the run ends or the signal comes. */
  watch(run: string, signal?: AbortSignal): AsyncGenerator<LogEntryMessage> {
    return this.#receive(() => this.#client.watch({ run }), null, signal);
  }

  logs(request: LogsRequest): AsyncGenerator<LogEntryMessage> {
    return this.#receive(() => this.#client.logs(request), request.follow ? null : STALL_TIMEOUT_MS);
  }

  weights(request: WeightsRequest): AsyncGenerator<WeightsChunkMessage> {
    return this.#receive(() => this.#client.weights(request), STALL_TIMEOUT_MS);
  }

  #ask<Request, Response>(call: UnaryCall<Request, Response>, request: Request): Promise<Response> {
    return new Promise((resolve, reject) => {
      const deadline = Date.now() + ANSWER_TIMEOUT_MS;
      let connected = true;
      const asked = call.call(this.#client, request, { deadline }, (error, response) => {
        clearTimeout(timer);
        if (!connected) {
          const why = `no connection within ${REACH_TIMEOUT_MS / 1000} s`;
          reject(new NoCoordinatorError(this.address, why));
        } else if (error) {
          void this.#explain(error, 'asking').then(reject);
        } else {
          resolve(response!);
        }
      });
      const timer = setTimeout(() => {
        connected = this.#client.getChannel().getConnectivityState(false) === connectivityState.READY;
        if (!connected) asked.cancel();
      }, REACH_TIMEOUT_MS);
    });
  }

  /**
   * A stream's messages. Where nothing comes for `stallMs` while it is waited for, the call is given up.
   * @param begin makes the call, when the first message is asked for: an error that comes before has nobody to hear it.
   */
  async *#receive<Message>(
    begin: () => ClientReadableStream<Message>,
    stallMs: number | null,
    signal?: AbortSignal,
  ): AsyncGenerator<Message> {
    const call = begin();
    const cancel = (): void => call.cancel();
    // Whoever stops reading hears no more of the call.
    call.on('error', () => undefined);
    signal?.addEventListener('abort', cancel);
    if (signal?.aborted) cancel();
    const messages = call[Symbol.asyncIterator]() as AsyncIterator<Message>;
    let stalled = false;
    try {
      for (;;) {
        const timer =
          stallMs === null
            ? null
            : setTimeout(() => {
                stalled = true;
                cancel();
              }, stallMs);
        const next = await messages.next().finally(() => timer && clearTimeout(timer));
        if (next.done) return;
        yield next.value;
      }
    } catch (error) {
      if (stalled) throw new CoordinatorError(this.address, `it said nothing for ${stallMs! / 1000} s`);
      throw await this.#explain(error, 'receiving');
    } finally {
      signal?.removeEventListener('abort', cancel);
      cancel();
    }
  }

  /** A call's status as an error for people; anything else as it is. */
  async #explain(error: unknown, phase: CallPhase): Promise<unknown> {
    const isStatus = error instanceof Error && 'details' in error && 'code' in error;
    if (!isStatus) return error;
    const trouble = await connectionTrouble(this.#client, error);
    if (trouble) return new UntrustedError(this.address, trouble.message, trouble.code, { cause: error });
    return callError(error as ServiceError, this.address, phase, this.#need);
  }
}

/** What the coordinator says of one run. */
export type ShownRun = Omit<RunDetailMessage, 'summary' | 'limits'> & {
  readonly summary: NonNullable<RunDetailMessage['summary']>;
  readonly limits: NonNullable<RunDetailMessage['limits']>;
};
