import type { XenstoreNode } from '../../../shared/contract/index.ts';
import { defineCommand } from '../arguments/command.ts';
import type { Context } from '../context.ts';

export const command = defineCommand({
  words: ['[PATH]'],
  options: {
    host: {
      kind: 'text',
      value: 'H',
      help: "this host's xenstore; else the one that PATH is about",
    },
    full: { kind: 'flag', short: 'f', help: 'whole paths, one a line' },
    permissions: { kind: 'flag', short: 'p', help: 'permissions of each node' },
  },
  notes: 'Prints all below PATH (default /), as "xenstore-ls" does.',
  async run(context, { words: [path = '/'], options }) {
    const below: XenstoreNode[] = [];
    await collect(context, options.host, path, below);
    const depth = path.split('/').filter(Boolean).length + 1;
    await context.output.result(below, () =>
      below.map((node) => {
        const parts = node.path.split('/').filter(Boolean);
        const name = options.full ? node.path : ' '.repeat(parts.length - depth) + parts.at(-1);
        const line = `${name} = "${node.value}"`;
        return options.permissions ? `${line}   (${node.permissions})` : line;
      }),
    );
  },
});

/** Depth first, as a tree is read. A node that went away meanwhile is left out. */
async function collect(
  context: Context,
  host: string | undefined,
  path: string,
  into: XenstoreNode[],
): Promise<void> {
  const [, ...children] = await (await context.site()).xenstore.list({ host, path });
  for (const child of children) {
    into.push(child);
    if (child.hasChildren) await collect(context, host, child.path, into).catch(ignoreGone);
  }
}

function ignoreGone(error: unknown): void {
  if ((error as { code?: string }).code !== 'xenstore.not-found') throw error;
}
