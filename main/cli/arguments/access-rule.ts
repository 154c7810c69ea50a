/**
 * A rule of an access list, as words:
 *
 *     allow|deny in|out [any|tcp|udp|icmp] [REMOTE[:PORTS] | :PORTS] [local PORTS]
 *
 * REMOTE is an address or a subnet, PORTS is `22` or `8000-8999`. What is left out is all.
 */
import type { AccessRule } from '../../../shared/contract/index.ts';
import { usageError } from './usage-error.ts';

const SYNTAX =
  'a rule is "allow|deny in|out [any|tcp|udp|icmp] [REMOTE][:PORTS] [local PORTS]", as in "deny out tcp 10.0.0.0/8:22"';
const ACTIONS = ['allow', 'deny'] as const;
const DIRECTIONS = ['in', 'out'] as const;
const PROTOCOLS = ['any', 'tcp', 'udp', 'icmp'] as const;

export function accessRule(command: string, text: string): AccessRule {
  const words = text.trim().split(/\s+/);
  const refuse = (what: string): never => {
    throw usageError(`${JSON.stringify(text)} is no rule: ${what}; ${SYNTAX}.`, command);
  };
  const rule: AccessRule = {
    action: known(ACTIONS, words.shift()) ?? refuse('it does not begin with allow or deny'),
    direction: known(DIRECTIONS, words.shift()) ?? refuse('it does not say in or out'),
    protocol: known(PROTOCOLS, words[0]) ?? 'any',
    remote: null,
    remotePorts: null,
    localPorts: null,
  };
  if (known(PROTOCOLS, words[0])) words.shift();
  if (words.length > 0 && words[0] !== 'local') {
    const [address = '', ports, ...rest] = words.shift()!.split(':');
    if (rest.length > 0) refuse('it has too many colons');
    if (address !== '') rule.remote = address.includes('/') ? address : `${address}/32`;
    if (ports !== undefined) rule.remotePorts = portRange(ports) ?? refuse(`${ports} is no port`);
  }
  if (words[0] === 'local') {
    const ports = words[1] ?? '';
    rule.localPorts = portRange(ports) ?? refuse(`${ports || 'nothing'} is no port`);
    words.splice(0, 2);
  }
  if (words.length > 0) refuse(`${JSON.stringify(words[0])} is one word too many`);
  const hasPorts = rule.remotePorts !== null || rule.localPorts !== null;
  if (hasPorts && rule.protocol === 'icmp') refuse('icmp has no ports');
  return rule;
}

/** The same words again. */
export function ruleText(rule: AccessRule): string {
  const { action, direction, protocol, remote, remotePorts, localPorts } = rule;
  const ports = (range: [number, number]): string =>
    range[0] === range[1] ? `${range[0]}` : `${range[0]}-${range[1]}`;
  const other = `${remote?.replace(/\/32$/, '') ?? ''}${remotePorts ? `:${ports(remotePorts)}` : ''}`;
  return [
    action,
    direction,
    protocol,
    ...(other ? [other] : []),
    ...(localPorts ? [`local ${ports(localPorts)}`] : []),
  ].join(' ');
}

function known<Word extends string>(
  words: readonly Word[],
  word: string | undefined,
): Word | undefined {
  return words.find((one) => one === word);
}

function portRange(text: string): [number, number] | undefined {
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const range: [number, number] = [Number(first), Number(last)];
  return range[0] >= 1 && range[0] <= range[1] && range[1] <= 65_535 ? range : undefined;
}
