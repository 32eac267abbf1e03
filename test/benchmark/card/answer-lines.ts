import { createInterface } from 'node:readline';

/** The other side of `LineProcess`: answers each line of standard input by one of standard output, until it ends. */
export async function answerLines<Question>(answer: (question: Question) => Promise<object>): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const reply = await answer(JSON.parse(line) as Question).catch((error: unknown) => ({
      error: (error as Error).message.split('\n')[0],
    }));
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
}
