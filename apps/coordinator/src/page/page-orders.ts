import { z } from 'zod';
import { oneLine, quoted, RocinanteError, systemTrouble } from '@rocinante/base';
import type { HttpAnswer, HttpRequest } from '@rocinante/http';
import { limits } from '@rocinante/wire';
import { resolveConfig } from '../config.js';
import { runJson } from '../client/run-json.js';
import type { Act, AuditLog } from '../daemon/audit-log.js';
import { resumeRun, startRun, stopRun, type OrderParts } from '../daemon/run-orders.js';
import type { ReportParts } from '../daemon/run-report.js';
import type { StoredRun } from '../daemon/run-store.js';
import { isExpected, UsageError } from '../errors.js';
import { presets, type PresetName } from '../presets.js';
import { SCHEDULE_KINDS } from '../settings.js';
import { summaryMessageOf } from './page-present.js';
import { json } from './page-headers.js';
import { BUNDLED, takeBundled, textsOf } from './page-texts.js';

export interface PageOrderParts extends OrderParts, ReportParts {
  /** Records each act of an operator. */
  readonly audit: Pick<AuditLog, 'carryOut'>;
}

const { NAME_LENGTH_MAX, NOTE_LENGTH_MAX, RUN_NAME_LENGTH_MAX } = limits;

const SHA256_DIGITS = 64;

const run = z.string().min(1).max(RUN_NAME_LENGTH_MAX);
const count = z.int().min(1);

const startSchema = z.strictObject({
  preset: z.enum(Object.keys(presets) as [PresetName, ...PresetName[]]),
  /** A text's SHA-256, or `bundled`. */
  text: z.string().max(SHA256_DIGITS),
  name: z.string().max(RUN_NAME_LENGTH_MAX).default(''),
  note: z.string().max(NOTE_LENGTH_MAX).default(''),
  pool: z.string().max(NAME_LENGTH_MAX).default(''),
  priority: z.int().default(0),
  steps: count.optional(),
  epochs: count.optional(),
  batch: count.optional(),
  microBatch: count.optional(),
  seed: z.int().min(0).optional(),
  learningRate: z.number().positive().optional(),
  schedule: z.enum(SCHEDULE_KINDS).optional(),
});
const stopSchema = z.strictObject({ run, reason: z.string().default('') });
const resumeSchema = z.strictObject({
  run,
  steps: count.optional(),
  epochs: count.optional(),
  patience: count.optional(),
});

/** What operators order from the page: the same that `run start`, `run stop` and `run resume` do. */
export class PageOrders {
  readonly #parts: PageOrderParts;
  readonly #failed: (request: HttpRequest, error: unknown) => HttpAnswer;

  /** @param failed the answer to an order that failed: `failureAnswer`, for whoever keeps account of it. */
  constructor(parts: PageOrderParts, failed: (request: HttpRequest, error: unknown) => HttpAnswer) {
    this.#parts = parts;
    this.#failed = failed;
  }

  start(request: HttpRequest): Promise<HttpAnswer> {
    return this.#order(
      request,
      'start',
      startSchema,
      ({ name }) => name || 'a run',
      async (order) => {
        const { preset, text, name, note, pool, priority, ...flags } = order;
        const config = resolveConfig({ preset, ...flags });
        const known = textsOf(this.#parts).find(({ id }) => id === text);
        if (known === undefined) {
          throw new UsageError(`text: expected one that this coordinator has, received ${quoted(text)}`);
        }
        const corpusSha256 = text === BUNDLED ? await takeBundled(this.#parts.contents) : text;
        const content = { configJson: JSON.stringify(config), corpusSha256, corpusName: known.name };
        return startRun(this.#parts, {
          ...content,
          name,
          note,
          pool,
          priority,
          tags: [],
          initFromSha256: '',
          limits: null,
        });
      },
      ({ id }) => id,
    );
  }

  stop(request: HttpRequest): Promise<HttpAnswer> {
    return this.#order(
      request,
      'stop',
      stopSchema,
      ({ run }) => run,
      ({ run, reason }) => stopRun(this.#parts, run, reason),
    );
  }

  resume(request: HttpRequest): Promise<HttpAnswer> {
    return this.#order(
      request,
      'resume',
      resumeSchema,
      ({ run }) => run,
      (order) => resumeRun(this.#parts, order),
    );
  }

  async #order<Order>(
    request: HttpRequest,
    act: Act,
    schema: z.ZodType<Order>,
    subjectOf: (order: Order) => string,
    work: (order: Order) => Promise<StoredRun>,
    nameOf?: (stored: StoredRun) => string,
  ): Promise<HttpAnswer> {
    try {
      const order = orderOf(request, schema);
      const what = subjectOf(order);
      const stored = await this.#parts.audit.carryOut(act, request, what, () => work(order), nameOf);
      return json(200, runJson(summaryMessageOf(this.#parts, stored)));
    } catch (error) {
      return this.#failed(request, error);
    }
  }
}

/** @throws {UsageError} it is no such order. */
function orderOf<Order>(request: HttpRequest, schema: z.ZodType<Order>): Order {
  const type = request.header('content-type')?.split(';', 1)[0].trim();
  if (type !== 'application/json') {
    throw new UsageError(`an order: expected application/json, received ${quoted(type ?? 'nothing')}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(request.body));
  } catch (error) {
    throw new UsageError('an order: expected JSON, received what is none', { cause: error });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  const where = path.length === 0 ? '' : `${path.join('.')}: `;
  throw new UsageError(`an order: ${where}${oneLine(message, 200)}`);
}

const STATUSES: Readonly<Record<string, number>> = {
  NOT_FOUND: 404,
  AMBIGUOUS: 409,
  WRONG_STATE: 409,
  CONTENT_MISSING: 409,
  DISK_FULL: 507,
  CONTENT_DISK_FULL: 507,
};

/**
 * What the page is told of an order that failed, in one line.
 * @throws the error, where it is one of ours.
 */
export function failureAnswer(error: unknown): HttpAnswer {
  if (!isExpected(error)) throw error;
  if (!(error instanceof RocinanteError))
    return json(500, { error: oneLine(systemTrouble(error)), code: 'SYSTEM' });
  const { message, code, exitCode } = error;
  return json(STATUSES[code] ?? (exitCode === 2 ? 400 : 500), { error: message, code });
}
