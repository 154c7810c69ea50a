import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { requireSpace } from './durable.ts';

describe('room on the disk', () => {
  test('that is there is enough', async () => {
    await expect(requireSpace(tmpdir(), 1)).resolves.toBeUndefined();
  });

  test('that is not there is said, with the folder and what to do', async () => {
    await expect(requireSpace(tmpdir(), 2 ** 60)).rejects.toMatchObject({
      code: 'image.no-space',
      message: `There is no space left to write ${tmpdir()}. Free about 100 MB there, then try again.`,
    });
  });
});
