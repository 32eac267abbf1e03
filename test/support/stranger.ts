import { once } from 'node:events';
import type { ServiceError } from '@grpc/grpc-js';
import { dial, type CoordinatorMessageReceived, type WorkerMessage } from '@rocinante/wire';

/**
 * Speaks with a coordinator as a worker would, by a script.
 * @param token null shows none.
 * @param first null says nothing.
 * @param answer what to say to each message that comes.
 * @returns how the session ended.
 */
export async function speak(
  address: string,
  token: string | null,
  first: WorkerMessage | null,
  answer: (message: CoordinatorMessageReceived) => readonly WorkerMessage[] = () => [],
): Promise<ServiceError> {
  const client = dial(address, { ca: null, token });
  const call = client.work();
  call.on('data', (message: CoordinatorMessageReceived) => {
    for (const next of answer(message)) call.write(next);
  });
  if (first) call.write(first);
  const [error] = (await once(call, 'error').catch((thrown: unknown) => [thrown])) as [ServiceError];
  client.close();
  return error;
}
