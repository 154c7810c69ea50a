import { resolve } from 'node:path';
import { defineCommand } from '../arguments/command.ts';

export const command = defineCommand({
  words: ['NAME'],
  options: {
    path: { kind: 'text', value: 'FOLDER', help: 'its folder; else a new one in the home' },
    local: { kind: 'text', value: 'HOST', help: 'only this host sees it; else all do' },
  },
  notes: 'What is in the folder already is kept. A domain with a disk in a local pool stays there.',
  async run(context, { words: [name], options: { path, local } }) {
    const pool = await (
      await context.site()
    ).pools.add({
      name,
      kind: local === undefined ? 'shared' : 'local',
      host: local,
      path: path === undefined ? undefined : resolve(path),
    });
    await context.output.result(pool, () => `added pool ${pool.name}: ${pool.path}`);
  },
});
