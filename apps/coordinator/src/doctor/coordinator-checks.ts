import type { ClientSecurity } from '@rocinante/access';
import type { Coordinator } from '../client/coordinator.js';
import { bandwidthFinding } from './bandwidth-check.js';
import { accessFindings, healthFinding, tripFindings } from './call-checks.js';
import { CoordinatorProbe } from './coordinator-probe.js';
import { problem, type Finding } from './finding.js';
import { pageFindings } from './page-checks.js';
import { handshake, plainFinding, reachFindings, tlsFindings } from './reach-checks.js';
import { runsFindings } from './run-checks.js';

export interface CoordinatorCheckOptions {
  /** `host:port` of `--listen` and of `--http`. */
  readonly address: string;
  readonly httpAddress: string;
  /** Who asks, and whom it believes. */
  readonly access: ClientSecurity;
  /** An operator's client of it. */
  readonly open: () => Coordinator;
}

/** All that can be seen of a coordinator from here; what needs what failed is not tried. */
export async function coordinatorFindings(options: CoordinatorCheckOptions): Promise<Finding[]> {
  const { address, access } = options;
  const findings = await reachFindings(address);
  const isBad = (): boolean => findings.some(({ status }) => status === 'problem');
  if (isBad()) return findings;
  findings.push(...(await encryptionFindings(address, access)));
  const probe = new CoordinatorProbe(address, access);
  try {
    const { speaks, ...health } = await healthFinding(probe);
    findings.push(health);
    if (!speaks) {
      if (access.ca === null) findings.push(...(await tlsInstead(address)));
      return findings;
    }
    findings.push(...(await accessFindings(probe, access.token)), ...(await tripFindings(probe)));
  } finally {
    probe.close();
  }
  findings.push(...(await pageFindings(options.httpAddress, access)));
  const coordinator = options.open();
  try {
    findings.push(...(await runsFindings(coordinator)), await bandwidthFinding(coordinator));
  } catch (error) {
    const advice = 'a reader’s or an operator’s token may list runs; else look at the coordinator’s log';
    findings.push(problem('runs', 'they can be listed', (error as Error).message, advice));
  } finally {
    coordinator.close();
  }
  return findings;
}

async function encryptionFindings(address: string, access: ClientSecurity): Promise<Finding[]> {
  if (access.ca === null) return [plainFinding(address)];
  try {
    return tlsFindings(address, await handshake(address, access), new Date(), access.serverName);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const advice = 'it may serve in plain: leave --tls-ca out, or give serve --tls-cert and --tls-key';
    return [problem('TLS', 'a handshake', code ?? message, advice)];
  }
}

/** Why it spoke no gRPC in plain: because it speaks TLS. Not tried before: a plain server counts it as a wrong connection. */
async function tlsInstead(address: string): Promise<Finding[]> {
  try {
    const { certificate } = await handshake(address, { ca: null, token: null });
    const found = `it speaks TLS, as ${certificate.subjectaltname ?? 'nobody'}`;
    return [
      problem(
        'TLS',
        'plain, since no --tls-ca was given',
        found,
        'give --tls-ca with its authority’s certificate',
      ),
    ];
  } catch {
    return [];
  }
}
