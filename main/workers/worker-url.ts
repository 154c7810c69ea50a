/**
 * Where a thread's entry is: beside this file in the source, and beside the bundle that this file
 * became part of in the built program.
 */
export function workerUrl(
  name: 'api' | 'console' | 'domain' | 'gateway' | 'host' | 'io' | 'toolstack',
): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./${name}.worker.${extension}`, import.meta.url);
}
