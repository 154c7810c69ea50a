import { describe, expect, it } from 'vitest';
import { newestOf, readPackageRecords } from './package.ts';

const stanza = (name: string, version: string, filename = `pool/${name}.deb`): string =>
  `Package: ${name}\nVersion: ${version}\nArchitecture: i386\nDepends: a,\n b\nFilename: ${filename}\nSize: 10\nSHA256: ${'a'.repeat(64)}\n`;

describe('readPackageRecords', () => {
  it('reads the wanted stanzas and no other', () => {
    const text = [stanza('one', '1'), stanza('two', '2'), stanza('three', '3')].join('\n');
    const records = readPackageRecords(text, 'bookworm', (name) => name !== 'two');
    expect(records.map(({ name, version, suite }) => [name, version, suite])).toEqual([
      ['one', '1', 'bookworm'],
      ['three', '3', 'bookworm'],
    ]);
    expect(records[0]?.depends).toBe('a,\nb');
  });

  it.each(['../../etc/passwd.deb', '/etc/x.deb', 'pool/../x.deb', 'http://x/y?.deb', ''])(
    'refuses the file name "%s"',
    (filename) => {
      const read = (): unknown => readPackageRecords(stanza('one', '1', filename), 's', () => true);
      expect(read).toThrow(expect.objectContaining({ code: 'image.bad-index' }));
    },
  );
});

describe('newestOf', () => {
  it('chooses over all suites by version', () => {
    const suites = [
      ['bookworm', '6.1.9-1'],
      ['bookworm-security', '6.1.10-1'],
      ['bookworm', '6.1.2-1'],
    ] as const;
    const records = suites.flatMap(([suite, version]) =>
      readPackageRecords(stanza('linux', version), suite, () => true),
    );
    expect(newestOf(records, () => true)?.version).toBe('6.1.10-1');
    expect(newestOf(records, ({ suite }) => suite === 'bookworm')?.version).toBe('6.1.9-1');
    expect(newestOf(records, () => false)).toBeUndefined();
  });
});
