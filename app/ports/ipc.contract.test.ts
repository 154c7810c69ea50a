import { expect, it } from 'vitest';
import { parseConsoleRequest } from './ipc.contract.ts';

const id = '0b1c6d4e-7f0a-4c39-9a60-1f2f3a4b5c6d';

it('takes a domain and an id, and drops the rest', () => {
  expect(parseConsoleRequest({ domain: 'web1', id, extra: 1 })).toEqual({ domain: 'web1', id });
});

it.each([
  undefined,
  null,
  'web1',
  {},
  { domain: 'web1' },
  { domain: '', id },
  { domain: 'x'.repeat(64), id },
  { domain: ['web1'], id },
  { domain: 'web1', id: 7 },
  { domain: 'web1', id: '../../etc' },
])('refuses %j', (payload) => expect(parseConsoleRequest(payload)).toBeNull());
