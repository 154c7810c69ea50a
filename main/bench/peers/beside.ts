/** A program's entry beside a file: TypeScript in the source tree, JavaScript in a built program. */
export function besideThisFile(url: string, name: string): URL {
  return new URL(`./${name}.${url.endsWith('.ts') ? 'ts' : 'js'}`, url);
}
