/** Asks a C compiler and Xen's own headers what C expressions are worth to an i386 guest. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { comparableInteger, type Claims } from './claims.ts';

/** The public headers' own version number in Xen 4.17. */
const INTERFACE_VERSION = '0x00040e00';

const headers = [
  'xen.h',
  'errno.h',
  'memory.h',
  'event_channel.h',
  'hvm/hvm_op.h',
  'hvm/params.h',
  'hvm/pvdrivers.h',
  'vcpu.h',
  'sched.h',
  'version.h',
  'features.h',
  'grant_table.h',
  'physdev.h',
  'arch-x86/cpuid.h',
  'io/ring.h',
  'io/blkif.h',
  'io/netif.h',
  'io/console.h',
  'io/protocols.h',
  'io/xenbus.h',
  'io/xs_wire.h',
];

const prologue = `
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
${headers.map((header) => `#include <xen/${header}>`).join('\n')}

#define sizeof_field(type, member) sizeof(((type *)0)->member)
#define is_signed(type, member) ((__typeof__(((type *)0)->member))-1 < 0)

static int pv_driver_product(const char *wanted) {
#define EACH(name, number) if (strcmp(name, wanted) == 0) return number;
  PVDRIVERS_PRODUCT_LIST(EACH)
  return -1;
}
`;

/** Why no program can be built here; undefined when one can. */
export function missingForC(): string | undefined {
  try {
    compileAndRun('#include <stdint.h>\n#include <xen/xen.h>\nint main(void) { return 0; }\n');
    return undefined;
  } catch (error) {
    const lines = (error instanceof Error ? error.message : String(error)).split('\n');
    const reason = lines.find((line) => line.includes('error')) ?? lines[0];
    return `needs Debian's packages gcc-multilib and libxen-dev (${reason})`;
  }
}

/**
 * @param claims expressions with their claimed values, of which only the type is used.
 * @returns the same expressions with the compiler's values.
 * @throws Error with the compiler's message when an expression does not compile.
 */
export function askCompiler(claims: Claims): Claims {
  const prints = Object.entries(claims).map(([expression, claimed]) =>
    typeof claimed === 'string' && !/^-?\d+$/.test(claimed)
      ? `  printf("%s\\t\\"%s\\n", ${JSON.stringify(expression)}, ${expression});`
      : `  printf("%s\\t%lld\\n", ${JSON.stringify(expression)}, (long long)(${expression}));`,
  );
  const printed = compileAndRun(
    `${prologue}\nint main(void) {\n${prints.join('\n')}\n  return 0;\n}\n`,
  );
  return Object.fromEntries(
    printed
      .trimEnd()
      .split('\n')
      .map((line) => {
        const [expression = '', value = ''] = line.split('\t');
        return [
          expression,
          value.startsWith('"') ? value.slice(1) : comparableInteger(BigInt(value)),
        ];
      }),
  );
}

function compileAndRun(source: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'xen-layouts-'));
  try {
    const program = join(folder, 'layouts');
    writeFileSync(`${program}.c`, source);
    const define = `-D__XEN_INTERFACE_VERSION__=${INTERFACE_VERSION}`;
    run('gcc', ['-m32', '-w', define, '-o', program, `${program}.c`]);
    return run(program, []);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(command: string, parameters: readonly string[]): string {
  const { error, status, stdout, stderr } = spawnSync(command, parameters, { encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(stderr.trim() || `${command} ended with status ${status}`);
  return stdout;
}
