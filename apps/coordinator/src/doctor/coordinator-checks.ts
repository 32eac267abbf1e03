import type { ClientSecurity } from '@rocinante/access';
import type { Coordinator } from '../client/coordinator.js';
import { bandwidthFinding } from './bandwidth-check.js';
import { accessFindings, healthFinding, tripFindings, type Standing } from './call-checks.js';
import { CoordinatorProbe } from './coordinator-probe.js';
import { ok, problem, type Finding } from './finding.js';
import { pageFindings } from './page-checks.js';
import { plainFinding, reachFindings } from './reach-checks.js';
import { runsFindings } from './run-checks.js';
import { ownFindings, tlsFindingsOf, tlsInstead } from './tls-checks.js';

export interface CoordinatorCheckOptions {
  /** `host:port` of `--listen` and of `--http`. */
  readonly address: string;
  readonly httpAddress: string;
  /** Who asks, and whom it believes. */
  readonly access: ClientSecurity;
  /** An operator's client of it. */
  readonly open: () => Coordinator;
}

/** All that can be seen of a coordinator from here. What needs what failed is not tried: it would only say so again. */
export async function coordinatorFindings(options: CoordinatorCheckOptions): Promise<Finding[]> {
  const { address, access } = options;
  const findings = await reachFindings(address);
  const isBad = (): boolean => findings.some(({ status }) => status === 'problem');
  if (isBad()) return findings;
  if (access.ca !== null) findings.push(...(await tlsFindingsOf(address, access)));
  findings.push(...ownFindings(access, new Date()));
  if (isBad()) return findings;
  const probe = new CoordinatorProbe(address, access);
  let standing: Standing;
  try {
    const { speaks, ...health } = await healthFinding(probe, access.ca !== null);
    if (!speaks) {
      const instead = access.ca === null ? await tlsInstead(address) : null;
      return [...findings, instead ?? health];
    }
    if (access.ca === null) findings.push(plainFinding(address));
    findings.push(health);
    const seen = await accessFindings(probe, access.token);
    findings.push(...seen.findings);
    ({ standing } = seen);
    if (standing === 'nobody') return findings;
    findings.push(...(await tripFindings(probe)));
  } finally {
    probe.close();
  }
  findings.push(...(await pageFindings(options.httpAddress, access, standing !== 'worker')));
  return [...findings, ...(await askedFindings(options, standing))];
}

/** What is asked as an operator's commands ask it, as far as the token reaches. */
async function askedFindings({ open }: CoordinatorCheckOptions, standing: Standing): Promise<Finding[]> {
  const expected = 'they can be listed';
  if (standing === 'worker') return [ok('runs', expected, 'not asked: a worker’s token does not list them')];
  const coordinator = open();
  try {
    const findings = await runsFindings(coordinator);
    return [...findings, await bandwidthFinding(coordinator, standing !== 'reader')];
  } catch (error) {
    return [problem('runs', expected, (error as Error).message, 'look at the coordinator’s log')];
  } finally {
    coordinator.close();
  }
}
