import { describe, expect, it } from 'vitest';
import { guestCaller, privilegedCaller } from './caller.ts';
import {
  Access,
  accessOf,
  formatPermissions,
  inheritPermissions,
  parsePermissions,
  type Permissions,
} from './permissions.ts';

function perms(...texts: string[]): Permissions {
  const parsed = parsePermissions(texts);
  if (!parsed) throw new Error(`not permissions: ${texts.join(' ')}`);
  return parsed;
}

describe('permissions', () => {
  it('are read and written as letters with domids', () => {
    expect(formatPermissions(perms('n0', 'r5', 'w6', 'b65535'))).toEqual([
      'n0',
      'r5',
      'w6',
      'b65535',
    ]);
  });

  it.each(['', 'n', 'x5', 'r-1', 'r65536', 'r5 ', 'rr5', 'R5'])('refuse %j', (text) => {
    expect(parsePermissions(['n0', text])).toBeUndefined();
  });

  it('give the owner and domain 0 everything', () => {
    const everything = Access.read | Access.write | Access.owner;
    expect(accessOf(perms('n5'), guestCaller(5))).toBe(everything);
    expect(accessOf(perms('n5'), privilegedCaller())).toBe(everything);
  });

  it('give listed domains their entry and others the first letter', () => {
    const list = perms('r5', 'w6', 'n7', 'b8');
    expect([6, 7, 8, 9].map((domid) => accessOf(list, guestCaller(domid)))).toEqual([2, 0, 3, 1]);
  });

  it('give a domain the rights of its target', () => {
    const stub = { ...guestCaller(9), target: 5 };
    expect(accessOf(perms('n5'), stub)).toBe(7);
    expect(accessOf(perms('n0', 'r5'), stub)).toBe(Access.read);
  });

  it('pass to new children, which their unprivileged creator owns', () => {
    expect(formatPermissions(inheritPermissions(perms('n0', 'b5'), guestCaller(5)))).toEqual([
      'n5',
      'b5',
    ]);
    expect(formatPermissions(inheritPermissions(perms('n3', 'b5'), privilegedCaller()))).toEqual([
      'n3',
      'b5',
    ]);
  });
});
