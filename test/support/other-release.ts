/** Releases that speak other versions of the protocol than this one: what was built, with the number changed. */
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './project-root.js';

/** What runs of a project: neither types, maps nor specs. */
const LEFT_OUT = /\.(d\.ts|map|spec\.js|tsbuildinfo)$/;

/**
 * Makes a release that speaks a version of the protocol and the one before.
 *
 * Its messages have a field more than ours, which it sends: what a later release may say to an earlier one.
 * @param folder one that is made; others' packages and the engine stay where the checkout has them.
 * @returns its launcher, which takes the words that `./rocinante` does.
 */
export function otherRelease(folder: string, protocol: number): string {
  for (const apart of ['apps', 'libs']) {
    for (const name of readdirSync(join(projectRoot, apart))) {
      const [from, to] = [join(projectRoot, apart, name), join(folder, apart, name)];
      cpSync(join(from, 'dist'), join(to, 'dist'), {
        recursive: true,
        filter: (path) => !LEFT_OUT.test(path),
      });
      cpSync(join(from, 'package.json'), join(to, 'package.json'));
    }
  }
  cpSync(join(projectRoot, 'protos'), join(folder, 'protos'), { recursive: true });
  linkPackages(join(projectRoot, 'node_modules'), join(folder, 'node_modules'));
  cpSync(join(projectRoot, 'deploy', 'bundle', 'start.mjs'), join(folder, 'start.mjs'));
  const launcher = join(folder, 'rocinante');
  const own = readFileSync(join(projectRoot, 'rocinante'), 'utf8');
  writeFileSync(launcher, replaced(own, '$root/deploy/setup/main.mjs', '$root/start.mjs'), { mode: 0o755 });
  speakProtocol(folder, protocol);
  sayMore(folder);
  return launcher;
}

/** Makes a built or unpacked release speak a version of the protocol, and the one before. */
export function speakProtocol(root: string, protocol: number): void {
  edit(join(root, 'libs', 'wire', 'dist', 'protocol-version.js'), [
    /^export const PROTOCOL_VERSION = \d+;$/m,
    `export const PROTOCOL_VERSION = ${protocol};`,
  ]);
}

/** Makes a copied release's workers sum gradients on the device, as on a card, whatever they compute on. */
export function sumOnDevice(root: string): void {
  edit(join(root, 'apps', 'worker', 'dist', 'run-compute.js'), [
    "engine.description.device === 'gpu' ? 'device' : 'host'",
    "'device'",
  ]);
}

/** Hello and Welcome get a field that today's releases do not know. */
function sayMore(root: string): void {
  const further = '\n  string further = 1000;';
  edit(
    join(root, 'protos', 'rocinante', 'training', 'v1', 'training.proto'),
    ['message Hello {', `message Hello {${further}`],
    ['message Welcome {', `message Welcome {${further}`],
  );
  edit(join(root, 'apps', 'worker', 'dist', 'worker.js'), [
    'protocolMax: PROTOCOL_VERSION,',
    "protocolMax: PROTOCOL_VERSION, further: 'more',",
  ]);
  edit(join(root, 'apps', 'coordinator', 'dist', 'service', 'session.js'), [
    'welcome: { protocol: this.protocol,',
    "welcome: { further: 'more', protocol: this.protocol,",
  ]);
}

/** Others' packages where they are; our own where the copies are. */
function linkPackages(from: string, to: string): void {
  mkdirSync(join(to, '@rocinante'), { recursive: true });
  for (const name of readdirSync(from)) {
    if (name !== '@rocinante' && name !== '.package-lock.json') symlinkSync(join(from, name), join(to, name));
  }
  for (const name of readdirSync(join(from, '@rocinante'))) {
    symlinkSync(readlinkSync(join(from, '@rocinante', name)), join(to, '@rocinante', name));
  }
}

function edit(path: string, ...changes: readonly (readonly [string | RegExp, string])[]): void {
  let text = readFileSync(path, 'utf8');
  for (const [what, by] of changes) text = replaced(text, what, by);
  writeFileSync(path, text);
}

/** @throws {Error} what is to be replaced is not there: the project has changed, and this must follow. */
function replaced(text: string, what: string | RegExp, by: string): string {
  const after = text.replace(what, () => by);
  if (after === text) throw new Error(`expected ${String(what)} in what was built`);
  return after;
}
