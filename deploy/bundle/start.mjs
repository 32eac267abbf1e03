// The bundle's one command: everything is here already, so there is nothing to set up.
const [word, ...rest] = process.argv.slice(2);
const worker = word === 'worker';
if (word === 'test' || word === 'bundle') {
  process.stderr.write(
    `rocinante: ${word}: expected a checkout of the project; this is a bundle, which only runs it\n`,
  );
  process.exit(2);
}
const { main } = await import(worker ? './apps/worker/dist/main.js' : './apps/coordinator/dist/main.js');
process.exit(await main(worker ? rest : process.argv.slice(2)));
