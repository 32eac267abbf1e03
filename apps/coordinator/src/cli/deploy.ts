import type { Command } from 'commander';
import { addDeployStart } from './deploy-start.js';
import { addDeployStatus } from './deploy-status.js';
import { addDeployStop } from './deploy-stop.js';
import { addDeployUpgrade } from './deploy-upgrade.js';

/** Bundles on machines that ssh reaches: no agent, no root, nothing installed there. */
export function addDeploy(program: Command, exit: (code: number) => void): void {
  const deploy = program.command('deploy').description('run workers, and a coordinator, on other machines');
  const ssh = deploy.command('ssh').description('on machines that ssh reaches without a question');
  addDeployStart(ssh, exit);
  addDeployStatus(ssh, exit);
  addDeployUpgrade(ssh, exit);
  addDeployStop(ssh, exit);
}
