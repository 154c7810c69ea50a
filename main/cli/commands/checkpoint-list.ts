import type { Checkpoint } from '../../../shared/contract/index.ts';
import { defineCommand } from '../arguments/command.ts';
import { table } from '../format/table.ts';
import { bytes } from '../format/units.ts';

export const command = defineCommand({
  words: ['NAME'],
  options: {},
  notes: 'Indented below what each goes on from; * is where the domain goes on from now.',
  async run(context, { words: [domain] }) {
    const all = await (await context.site()).checkpoints.list({ domain });
    await context.output.result(all, () => {
      const rows = asTree(all).map(({ depth, checkpoint }) => [
        checkpoint.id.slice(0, 8),
        `${'  '.repeat(depth)}${checkpoint.label}${checkpoint.isCurrent ? ' *' : ''}`,
        new Date(checkpoint.createdAtMs).toLocaleString('sv'),
        bytes(checkpoint.bytes),
      ]);
      return table(['Id', 'Checkpoint', 'Made', 'Memory'], rows, ['Memory']);
    });
  },
});

/** Each after its parent, brothers by age. */
function asTree(
  all: readonly Checkpoint[],
  parent: string | null = null,
  depth = 0,
): { depth: number; checkpoint: Checkpoint }[] {
  return all
    .filter((one) => one.parent === parent)
    .flatMap((checkpoint) => [{ depth, checkpoint }, ...asTree(all, checkpoint.id, depth + 1)]);
}
