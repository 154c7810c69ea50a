import type { Forward } from '../../shared/contract/schemas.ts';

/** What a person does with a forwarded port: opens it in the browser, or copies it. */
export type ForwardUse =
  | { readonly kind: 'open'; readonly href: string }
  | { readonly kind: 'copy'; readonly text: string; readonly what: string };

const HTTP = new Set([80, 3000, 5000, 8000, 8008, 8080, 8081, 8888, 9000, 9090]);
const HTTPS = new Set([443, 8443]);
const SSH = 22;

/** By the guest's port: that of the machine is anything. */
export function forwardUse({
  port,
  protocol,
  toPort,
}: Pick<Forward, 'port' | 'protocol' | 'toPort'>): ForwardUse {
  const address = `127.0.0.1:${port}`;
  if (protocol === 'tcp') {
    if (HTTP.has(toPort)) return { kind: 'open', href: `http://${address}/` };
    if (HTTPS.has(toPort)) return { kind: 'open', href: `https://${address}/` };
    if (toPort === SSH) {
      return { kind: 'copy', text: `ssh -p ${port} root@127.0.0.1`, what: 'the ssh command' };
    }
  }
  return { kind: 'copy', text: address, what: 'the address' };
}
