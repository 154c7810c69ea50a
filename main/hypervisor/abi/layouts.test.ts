import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askCompiler, missingForC } from './testing/c-program.ts';
import { allClaims } from './testing/claims.ts';

/** What gcc printed for i386 from Xen 4.17's headers; `vitest run -u` writes it anew. */
const GOLDEN = join(import.meta.dirname, 'layouts.golden.json');

describe('the tables of the guest interface', () => {
  it('have the sizes, offsets, signs and values that the C compiler printed', () => {
    expect(allClaims()).toEqual(JSON.parse(readFileSync(GOLDEN, 'utf8')));
  });

  it("are what the C compiler prints from this machine's headers", async ({ skip }) => {
    const missing = missingForC();
    if (missing !== undefined) skip(missing);
    const printed = `${JSON.stringify(askCompiler(allClaims()), null, 2)}\n`;
    await expect(printed).toMatchFileSnapshot(GOLDEN);
  });
});
