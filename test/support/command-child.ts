/** The process that a CommandProcess starts: runs the commands that it is sent, in their order, and sends back what each ended with. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectRoot } from './project-root.js';
import type { Finished } from './rocinante.js';
import type * as Main from '../../apps/coordinator/dist/main.js';

const file = pathToFileURL(join(projectRoot, 'apps/coordinator/dist/main.js')).href;
const { main } = (await import(file)) as typeof Main;

let said = { stdout: '', stderr: '' };
const into =
  (name: 'stdout' | 'stderr'): typeof process.stdout.write =>
  (text: string | Uint8Array) => {
    said[name] += typeof text === 'string' ? text : Buffer.from(text).toString();
    return true;
  };
process.stdout.write = into('stdout');
process.stderr.write = into('stderr');
// Each command listens for a reader that goes away.
process.stdout.setMaxListeners(0);

async function run(args: readonly string[]): Promise<void> {
  said = { stdout: '', stderr: '' };
  const code = await main(args);
  process.send!({ code, ...said } satisfies Finished);
}

let last: Promise<void> = Promise.resolve();
// A command that throws ends the process, as it would its own.
process.on('message', (args: readonly string[]) => {
  last = last.then(() => run(args));
});
