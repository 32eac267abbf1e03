import type { RunJson } from '@rocinante/run-json';
import type { About } from './shapes.js';

/** An order was not carried out; the message is a line for a person. */
export class OrderError extends Error {}

/**
 * Orders something of the coordinator.
 * @returns the run as it is then.
 * @throws {OrderError} it was refused, or could not be asked.
 */
export async function order(action: 'start' | 'stop' | 'resume', body: object): Promise<RunJson> {
  let response: Response;
  try {
    response = await fetch(`/api/${action}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  } catch {
    throw new OrderError('The coordinator cannot be reached.');
  }
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
  const response = await fetch('/api/about', { cache: 'no-store' });
  if (!response.ok) throw new OrderError((await response.text()).trim());
  return (await response.json()) as About;
}
