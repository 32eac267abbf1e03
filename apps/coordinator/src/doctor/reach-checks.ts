import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { isLoopback, parseAddress, systemTrouble } from '@rocinante/base';
import { ok, problem, warning, type Finding } from './finding.js';
import { REACH_TIMEOUT_MS } from './limits.js';

/** The name is known, and something takes connections there. */
export async function reachFindings(address: string): Promise<Finding[]> {
  const { host, port } = partsOf(address);
  let found: Finding;
  try {
    const addresses = await lookup(host, { all: true });
    found = ok('name', `${host} has an address`, addresses.map(({ address }) => address).join(', '));
  } catch (error) {
    const advice = 'mend the name, or the machine’s DNS; an address such as 10.0.0.5:7070 needs none';
    return [problem('name', `${host} has an address`, systemTrouble(error), advice)];
  }
  const began = performance.now();
  const failure = await reached(host, port);
  const expected = `${address} takes connections`;
  if (failure === null) {
    return [found, ok('connection', expected, `taken after ${(performance.now() - began).toFixed(1)} ms`)];
  }
  const advice =
    'start the coordinator there (./rocinante serve), or open the port in firewalls and network policies';
  return [found, problem('connection', expected, failure, advice)];
}

/** Plain traffic is right on one machine, and where the network is trusted. */
export function plainFinding(address: string): Finding {
  const expected = 'TLS, or a loopback address';
  if (isLoopback(address)) return ok('encryption', expected, 'in plain, on this machine');
  const advice = 'make certificates by ./rocinante certs, and give --tls-cert and --tls-key to serve';
  return warning('encryption', expected, 'in plain, over a network', advice);
}

function reached(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: REACH_TIMEOUT_MS });
    const end = (failure: string | null): void => {
      resolve(failure);
      socket.destroy();
    };
    socket.on('connect', () => end(null));
    socket.on('timeout', () => end(`nothing within ${REACH_TIMEOUT_MS / 1000} s`));
    socket.on('error', (error) => end(systemTrouble(error)));
  });
}

/** An IPv6 address stands in brackets, which sockets do not take. */
export function partsOf(address: string): { readonly host: string; readonly port: number } {
  const { host, port } = parseAddress(address)!;
  return { host: host.replace(/^\[|\]$/g, ''), port };
}
