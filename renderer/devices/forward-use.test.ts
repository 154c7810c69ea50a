import { expect, test } from 'vitest';
import { forwardUse } from './forward-use.ts';

test('a web server is opened, a shell is a command to copy, the rest an address', () => {
  const use = (toPort: number, protocol: 'tcp' | 'udp' = 'tcp') =>
    forwardUse({ port: 2222, protocol, toPort });
  expect(use(80)).toEqual({ kind: 'open', href: 'http://127.0.0.1:2222/' });
  expect(use(443)).toEqual({ kind: 'open', href: 'https://127.0.0.1:2222/' });
  expect(use(22)).toMatchObject({ kind: 'copy', text: 'ssh -p 2222 root@127.0.0.1' });
  expect(use(5432)).toMatchObject({ kind: 'copy', text: '127.0.0.1:2222' });
  expect(use(80, 'udp')).toMatchObject({ kind: 'copy', text: '127.0.0.1:2222' });
});
