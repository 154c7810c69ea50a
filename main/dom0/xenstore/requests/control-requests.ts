import { checkStore } from '../consistency.ts';
import { splitStrings } from '../codec.ts';
import { parseDomid } from '../caller.ts';
import { isQuotaName, quotaDescriptions, quotaNames } from '../quota.ts';
import { acknowledge, textReply, type Reply, type Request, type StoreServices } from './request.ts';

interface ControlCommand {
  readonly usage: string;
  run(services: StoreServices, args: readonly string[]): Reply;
}

const commands: Readonly<Record<string, ControlCommand>> = {
  check: {
    usage: '',
    run: (services, args) => {
      if (args.length > 0) return 'EINVAL';
      for (const finding of checkStore(services.tree)) services.print(`check: ${finding}`);
      return acknowledge('OK');
    },
  },
  memreport: { usage: '', run: reportMemory },
  print: {
    usage: '<string>',
    run: (services, [text, ...rest]) => {
      if (text === undefined || rest.length > 0) return 'EINVAL';
      services.print(text);
      return acknowledge('OK');
    },
  },
  quota: { usage: '[set <name> <val>|<domid>]', run: showOrSetQuota },
  help: { usage: '', run: () => textReply(helpText()) },
};

/** CONTROL, also known as DEBUG: what `xenstore-control` sends. */
export function serveControl({ services, payload }: Request): Reply {
  const [name, ...args] = splitStrings(payload);
  if (name === undefined || !Object.hasOwn(commands, name)) return 'EINVAL';
  return commands[name]?.run(services, args) ?? 'EINVAL';
}

function helpText(): string {
  return Object.entries(commands)
    .map(([name, { usage }]) => `${name.padEnd(15)} ${usage}\n`)
    .join('');
}

function reportMemory({ tree, accounts, print }: StoreServices, args: readonly string[]): Reply {
  if (args.length > 0) return 'EINVAL';
  print(`memreport: ${tree.size} nodes`);
  for (const domid of accounts.domids()) {
    const { memory, nodes, watches, transactions } = accounts.usage(domid);
    print(
      `memreport: domain ${domid}: ${memory} bytes, ${nodes} nodes, ` +
        `${watches} watches, ${transactions} transactions`,
    );
  }
  return acknowledge('OK');
}

function showOrSetQuota({ accounts }: StoreServices, args: readonly string[]): Reply {
  const [first, name, value] = args;
  if (first === undefined) {
    const lines = quotaNames.map(
      (quota) =>
        `${quota.padEnd(17)}: ${String(accounts.defaults[quota]).padStart(8)} ` +
        `${quotaDescriptions[quota]}\n`,
    );
    return textReply(`Quota settings:\n${lines.join('')}`);
  }
  if (first === 'set') {
    if (name === undefined || value === undefined || args.length !== 3) return 'EINVAL';
    if (!isQuotaName(name) || !/^[1-9]\d{0,9}$/.test(value)) return 'EINVAL';
    accounts.defaults[name] = Number(value);
    return acknowledge('OK');
  }
  const domid = parseDomid(first);
  if (domid === undefined || args.length !== 1) return 'EINVAL';
  const usage = Object.entries(accounts.usage(domid)).map(
    ([quota, used]) => `${quota.padEnd(17)}: ${String(used).padStart(8)}\n`,
  );
  return textReply(`Domain ${domid}:\n${usage.join('')}`);
}
