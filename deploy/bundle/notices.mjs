// @ts-check
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {import('./engine-files.mjs').Notice} Notice */
/** @typedef {import('./modules.mjs').Locked} Locked */

/** Names of files that hold a licence, or what a licence asks to be passed on. */
const licenceFile = /^(licen[cs]e|copying|notice|copyright)([.-].*)?$/i;

const rule = '='.repeat(100);

const introduction = `Third-party notices

This bundle holds Rocinante, whose licence is the file LICENSE, and what others have made, listed here with the
licences that it is passed on under. NVIDIA's libraries, where they are among them, are passed on under NVIDIA's
own terms, which say to whom and how.
`;

/**
 * The text of the licences of everything in a bundle that others have made.
 * @param {string} root the checkout.
 * @param {readonly Notice[]} parts Node and the engine.
 * @param {readonly string[]} modules paths of npm packages, from `productionPackages`.
 * @param {Record<string, Locked>} packages of package-lock.json.
 * @returns {string}
 */
export function noticesText(root, parts, modules, packages) {
  /** @type {Map<string, string[]>} licence text to the things it holds for. */
  const texts = new Map();
  /** @type {string[]} */
  const list = [];
  /**
   * @param {string} thing
   * @param {string} text
   */
  const add = (thing, text) => texts.set(text, [...(texts.get(text) ?? []), thing]);

  for (const { name, version, licence, file } of parts) {
    list.push(`${name} ${version} (${licence})`);
    add(`${name} ${version}`, clean(readFileSync(file, 'utf8')));
  }
  for (const path of modules.filter((path) => existsSync(join(root, path)))) {
    const about = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'));
    const thing = `${about.name} ${about.version}`;
    const licence = packages[path].license ?? 'no licence named';
    list.push(`${thing} (${licence})`);
    for (const text of licenceTexts(join(root, path)) ?? [saying(about, licence)]) add(thing, text);
  }
  const sections = [...texts].map(
    ([text, things]) => `${rule}\n${[...new Set(things)].join('\n')}\n${rule}\n\n${text}\n`,
  );
  return [introduction, ...new Set(list), '', ...sections].join('\n');
}

/**
 * @param {string} folder a package's.
 * @returns {string[] | undefined} none where it has no such file.
 */
function licenceTexts(folder) {
  const names = readdirSync(folder).filter((name) => licenceFile.test(name));
  return names.length === 0
    ? undefined
    : names.sort().map((name) => clean(readFileSync(join(folder, name), 'utf8')));
}

/**
 * What a package without a licence's file says of itself.
 * @param {any} about its package.json.
 * @param {string} licence
 */
function saying({ author, repository, homepage }, licence) {
  const by = typeof author === 'string' ? author : author?.name;
  const at = typeof repository === 'string' ? repository : (repository?.url ?? homepage);
  return `The package has no file with its licence. Its package.json says: ${[licence, by, at].filter(Boolean).join(', ')}.`;
}

/** @param {string} text with any line ends. */
function clean(text) {
  return text.replaceAll('\r\n', '\n').trim();
}
