import { expect, test } from 'vitest';
import { usersSentence, volumeUsers } from './volume-users.ts';

test('users of a volume are domains, and overlays over it', () => {
  const usedBy = ['web1', 'volume p/a.qcow2', 'volume p/b.qcow2'];
  expect(volumeUsers({ usedBy })).toEqual({ domains: ['web1'], overlays: 2 });
  expect(usersSentence({ usedBy })).toBe('web1 and 2 overlays');
  expect(usersSentence({ usedBy: ['volume p/a'] })).toBe('1 overlay');
  expect(usersSentence({ usedBy: [] })).toBeNull();
});
