// @ts-check
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runChild } from './child.mjs';
import { SetupFailure } from './failure.mjs';
import { during, megabytes } from './say.mjs';

/** @typedef {import('./pin.mjs').Pin} Pin */

/**
 * Finds the wheel in a folder that a person filled, for machines without a network.
 * @param {Pin} pin
 * @param {string} folder
 * @returns {Promise<string>} the wheel's path, its bytes checked.
 * @throws {SetupFailure} it is not there (exit code 2), or is not the pinned one (1).
 */
export async function wheelFromFolder(pin, folder) {
  const file = join(resolve(folder), pin.fileName);
  if (!existsSync(file)) {
    throw new SetupFailure(
      `--engine-from ${folder}: expected the file ${pin.fileName} in it; where there is a network, get it by: ${handDownload(pin)}`,
      2,
    );
  }
  await checkWheel(pin, file);
  return file;
}

/**
 * Downloads the wheel by pip, which knows this machine's proxy, mirror and certificates, and checks its bytes.
 * @param {Pin} pin
 * @param {string} folder an empty folder for the download and pip's own temporary files.
 * @param {string} file where the checked wheel goes, on the same file system; nothing is fetched when the right one is there.
 * @param {string} log receives pip's output.
 * @throws {SetupFailure} pip failed, or what came is not the pinned wheel.
 */
export async function downloadWheel(pin, folder, file, log) {
  if (existsSync(file) && (await sha256Of(file)) === pin.sha256) return;
  rmSync(file, { force: true });
  const arrived = join(folder, 'arrived');
  const temporary = join(folder, 'pip');
  mkdirSync(arrived, { recursive: true });
  mkdirSync(temporary, { recursive: true });
  const quiet = ['--no-input', '--progress-bar', 'off'];
  const download = () =>
    runChild('python3', ['-m', 'pip', ...pipArguments(pin), ...quiet, '--dest', arrived], {
      log,
      // pip refuses to work outside a virtual environment where a person has told it so; this is not an installation.
      env: {
        ...process.env,
        TMPDIR: temporary,
        PIP_REQUIRE_VIRTUALENV: '0',
        PIP_DISABLE_PIP_VERSION_CHECK: '1',
      },
    });
  const title = `downloading ${pin.package} ${pin.version} (${megabytes(pin.bytes)} MB)`;
  const { ok, how, tail } = await during(
    title,
    // While pip copies it the wheel is there twice.
    () => `${megabytes(Math.min(bytesBelow(folder), pin.bytes))} of ${megabytes(pin.bytes)} MB`,
    download,
  );
  if (!ok) {
    throw new SetupFailure(
      `could not fetch ${pin.package} ${pin.version}: ${pipComplaint(tail) ?? how}; pip's output is in ${log}; without a network see --engine-from DIR`,
      1,
    );
  }
  const received = join(arrived, pin.fileName);
  if (!existsSync(received)) {
    throw new SetupFailure(
      `pip download: expected ${pin.fileName}, received ${readdirSync(arrived).join(', ')}`,
      1,
    );
  }
  await checkWheel(pin, received);
  renameSync(received, file);
}

/** @param {Pin} pin */
function pipArguments(pin) {
  const wheel = [
    '--platform',
    pin.platform,
    '--python-version',
    pin.pythonVersion,
    `${pin.package}==${pin.version}`,
  ];
  return ['download', '--no-deps', '--only-binary=:all:', ...wheel];
}

/** @param {Pin} pin */
function handDownload(pin) {
  return ['python3 -m pip', ...pipArguments(pin)].join(' ');
}

/**
 * @param {Pin} pin
 * @param {string} file
 * @throws {SetupFailure} size or hash differ.
 */
async function checkWheel(pin, file) {
  const bytes = statSync(file).size;
  if (bytes !== pin.bytes) {
    throw new SetupFailure(`${file}: expected ${pin.bytes} bytes, received ${bytes}`, 1);
  }
  const sha256 = await sha256Of(file);
  if (sha256 !== pin.sha256) {
    throw new SetupFailure(`${file}: expected sha256 ${pin.sha256}, received ${sha256}`, 1);
  }
}

/** @param {string} file */
async function sha256Of(file) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex');
}

/**
 * The line of pip's output that tells a person most.
 * @param {string} tail
 */
function pipComplaint(tail) {
  const lines = tail.split('\n').map((line) => line.trim());
  const connection = lines.find((line) =>
    /connection (error|broken|refused|aborted|reset)|name resolution|timed out|unreachable|incompleteread/i.test(
      line,
    ),
  );
  if (connection !== undefined) {
    const cause =
      /(connection refused|name resolution|timed out|unreachable|IncompleteRead|reset|aborted)/i.exec(
        connection,
      );
    return `the package index cannot be reached, or the transfer was cut${cause ? ` (${cause[0]})` : ''}`;
  }
  return lines.findLast((line) => line.startsWith('ERROR:'))?.slice(0, 300);
}

/** @param {string} folder */
function bytesBelow(folder) {
  let bytes = 0;
  for (const name of readdirSync(folder, { recursive: true })) {
    // pip removes its temporary files while we look.
    bytes += statSync(join(folder, String(name)), { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}
