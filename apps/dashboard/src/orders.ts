import type { RunJson } from '@rocinante/run-json';
import type { About } from './shapes.js';

/** After how long an answer that does not come is given up. */
const ANSWER_LIMIT_MS = 30_000;

/** An order was not carried out; the message is a line for a person. */
export class OrderError extends Error {}

/**
 * Orders something of the coordinator.
 * @returns the run as it is then.
 * @throws {OrderError} it was refused, or could not be asked.
 */
export async function order(action: 'start' | 'stop' | 'resume', body: object): Promise<RunJson> {
  const response = await asked(`/api/${action}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  let answer: unknown = null;
  try {
    answer = JSON.parse(text);
  } catch {
    // A line of text: the server's own refusals.
  }
  if (response.ok) return answer as RunJson;
  const said = (answer as { error?: string } | null)?.error ?? text.trim();
  throw new OrderError(said || `The coordinator answered ${response.status}.`);
}

/**
 * Who looks at the page, and what can be begun from it.
 * @throws {OrderError} the coordinator does not say.
 */
export async function about(): Promise<About> {
  const response = await asked('/api/about', { cache: 'no-store' });
  if (!response.ok) throw new OrderError((await response.text()).trim());
  return (await response.json()) as About;
}

/**
 * A run as it is now; null where the coordinator does not know it, or nobody is logged in any more.
 * @throws {OrderError} it could not be asked.
 */
export async function run(id: string): Promise<RunJson | null> {
  const response = await asked(`/api/runs/${encodeURIComponent(id)}`, { cache: 'no-store' });
  return response.ok ? ((await response.json()) as RunJson) : null;
}

/** @throws {OrderError} no answer came in time, or none can come. */
async function asked(path: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { ...request, signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
  } catch (error) {
    throw new OrderError(
      error instanceof DOMException && error.name === 'TimeoutError'
        ? `No answer for ${ANSWER_LIMIT_MS / 1000} s, and whether it was carried out is not known. Where six windows or more show the coordinator, close some: a browser has six connections to it.`
        : 'The coordinator cannot be reached.',
    );
  }
}
