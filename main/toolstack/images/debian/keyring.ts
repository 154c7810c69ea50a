import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readKeys, type Key } from 'openpgp';

/** The trusted archive keys: every `.asc` file of the folder, which comes with the product. */
export async function readKeyring(folder: string): Promise<Key[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.asc')).sort();
  const armored = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  const keys = await Promise.all(armored.map((armoredKeys) => readKeys({ armoredKeys })));
  return keys.flat();
}

/** The keys in the form that apt's `Signed-By` takes as a `.gpg` file. */
export function binaryKeyring(keys: readonly Key[]): Buffer {
  return Buffer.concat(keys.map((key) => key.toPublic().write()));
}
