import { Volume } from '../../../shared/contract/index.ts';
import { defineCommand } from '../arguments/command.ts';
import { diskFormat } from '../arguments/disk-option.ts';
import { volumeWord } from '../arguments/volume-word.ts';
import { volumeLine } from '../format/volume-lines.ts';
import { finished } from '../task-result.ts';

const NAME = 'volume clone';

export const command = defineCommand({
  words: ['POOL/VOLUME', 'NEW'],
  options: { format: { kind: 'text', value: 'F', help: 'qcow2 or raw; else as the original' } },
  notes:
    'NEW is a name, or POOL/NAME. The copy is whole, whatever the original lies over. Nobody may write that meanwhile.',
  async run(context, { words: [from, to], options: { format } }) {
    const original = volumeWord(NAME, from);
    const copy = to.includes('/') ? volumeWord(NAME, to) : { pool: undefined, volume: to };
    const task = await (
      await context.site()
    ).volumes.clone({
      ...original,
      toPool: copy.pool,
      to: copy.volume,
      format: format === undefined ? undefined : diskFormat(NAME, 'format', format),
    });
    const volume = Volume.parse((await finished(context, task)).result);
    await context.output.result(volume, () => `cloned ${from} to ${volumeLine(volume)}`);
  },
});
