/** `npm run bench -- NAME [--json]` */
import { parseArgs } from 'node:util';
import { DomusError } from '../../shared/errors.ts';
import { BENCH_NAMES, benchLines, runBench } from './index.ts';

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const print = (text: string): boolean => process.stdout.write(`${text}\n`);
try {
  const [name, ...rest] = positionals;
  if (name === undefined || rest.length > 0) {
    throw new DomusError('usage', `usage: npm run bench -- ${BENCH_NAMES.join('|')} [--json]`);
  }
  const result = await runBench(name, {
    progress: (message) => process.stderr.write(`${name}: ${message}\n`),
  });
  print(values.json ? JSON.stringify(result) : benchLines(result).join('\n'));
  process.exit(0);
} catch (error) {
  if (values.json) print(JSON.stringify(DomusError.toData(error)));
  else process.stderr.write(`${DomusError.toData(error).message}\n`);
  process.exit(1);
}
