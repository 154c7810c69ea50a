/** A guest that always knows what must be on its disk, and looks. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { TestSite } from './test-site.ts';

/**
 * For a guest's shell: writes numbers to the first sector of a device, one after the other, past every
 * cache, and reads each before it writes the next. Memory and disk that are not of one instant differ.
 */
export function diskCounter(device: string): string {
  return `cat >/tmp/counter <<"."
#!/bin/sh
n=0
put() { printf "%-511s\\n" $n | dd of=${device} bs=512 count=1 conv=notrunc oflag=direct 2>/dev/null; }
put
while :; do
  found=$(dd if=${device} bs=512 count=1 iflag=direct 2>/dev/null)
  [ "\${found%% *}" = $n ] || { echo "found \${found%% *} where $n was written" >/tmp/count; exit 1; }
  echo $n >/tmp/count.new; mv /tmp/count.new /tmp/count
  n=$((n+1))
  put
done
.
chmod +x /tmp/counter; (/tmp/counter >/dev/null 2>&1 &)`;
}

/** Settles when some more numbers were written and found. */
export async function counts(site: TestSite, domain: string): Promise<void> {
  for (let enough = Infinity; ; await sleep(100)) {
    const found = await site.ask(domain, 'cat /tmp/count 2>/dev/null || echo 0');
    expect(found).toMatch(/^\d+$/);
    if (enough === Infinity) enough = Number(found) + 5;
    if (Number(found) >= enough) return;
  }
}
