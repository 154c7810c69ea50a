/** Access rules as they are typed: text where the contract has addresses and ranges of ports. */
import type { AccessList, AccessRule } from '../../shared/contract/schemas.ts';
import { Subnet } from '../../shared/contract/schemas.ts';

export interface RuleDraft {
  readonly action: AccessRule['action'];
  readonly direction: AccessRule['direction'];
  readonly protocol: AccessRule['protocol'];
  /** `10.0.0.0/24`, `10.0.0.7`, or nothing for all. */
  readonly remote: string;
  /** `80`, `8000-8100`, or nothing for all. */
  readonly remotePorts: string;
  readonly localPorts: string;
}

export interface AccessDraft {
  readonly rules: readonly RuleDraft[];
  readonly otherwise: AccessList['otherwise'];
}

export const NEW_RULE: RuleDraft = {
  action: 'allow',
  direction: 'in',
  protocol: 'tcp',
  remote: '',
  remotePorts: '',
  localPorts: '',
};

export function draftOf({ rules, otherwise }: AccessList): AccessDraft {
  return {
    otherwise,
    rules: rules.map(({ remote, remotePorts, localPorts, ...rule }) => ({
      ...rule,
      remote: remote?.replace(/\/32$/, '') ?? '',
      remotePorts: portsText(remotePorts),
      localPorts: portsText(localPorts),
    })),
  };
}

/** The list, or what is wrong with each rule (null where nothing is). */
export function readDraft(
  draft: AccessDraft,
):
  | { readonly list: AccessList; readonly faults: null }
  | { readonly list: null; readonly faults: readonly (string | null)[] } {
  const read = draft.rules.map(readRule);
  const faults = read.map((one) => (typeof one === 'string' ? one : null));
  if (faults.some((fault) => fault !== null)) return { list: null, faults };
  const rules = read.filter((one) => typeof one !== 'string');
  return { list: { rules, otherwise: draft.otherwise }, faults: null };
}

export function hasPorts({ protocol }: Pick<AccessRule, 'protocol'>): boolean {
  return protocol === 'tcp' || protocol === 'udp';
}

function readRule(draft: RuleDraft): AccessRule | string {
  const { action, direction, protocol } = draft;
  const remote = readRemote(draft.remote);
  if (remote === undefined) return 'An address is written 10.0.0.7, a subnet 10.0.0.0/24.';
  const remotePorts = hasPorts(draft) ? readPorts(draft.remotePorts) : null;
  const localPorts = hasPorts(draft) ? readPorts(draft.localPorts) : null;
  if (remotePorts === undefined || localPorts === undefined) {
    return 'A port is written 80, several 8000-8100, from 1 to 65535.';
  }
  return { action, direction, protocol, remote, remotePorts, localPorts };
}

/** Undefined for what is no address. */
function readRemote(text: string): string | null | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  const subnet = trimmed.includes('/') ? trimmed : `${trimmed}/32`;
  return Subnet.safeParse(subnet).success ? subnet : undefined;
}

/** Undefined for what are no ports. */
function readPorts(text: string): [number, number] | null | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  const [, first, last = first] = /^(\d{1,5})(?:\s*[-–]\s*(\d{1,5}))?$/.exec(trimmed) ?? [];
  const [from, to] = [Number(first), Number(last)];
  return from >= 1 && from <= to && to <= 65_535 ? [from, to] : undefined;
}

function portsText(ports: readonly [number, number] | null): string {
  if (ports === null) return '';
  return ports[0] === ports[1] ? String(ports[0]) : `${ports[0]}-${ports[1]}`;
}
