import { Image } from '../../../shared/contract/index.ts';
import { defineCommand } from '../arguments/command.ts';
import { finished } from '../task-result.ts';

export const command = defineCommand({
  words: [],
  options: { kernel: { kind: 'text', value: 'VERSION', help: 'another kernel of the suite' } },
  async run(context, { options: { kernel } }) {
    const task = await (await context.site()).images.build({ kernelVersion: kernel });
    const { result } = await finished(context, task);
    const image = Image.omit({ goldenMiB: true }).parse(result);
    await context.output.result(result, () => `built ${image.name}: Linux ${image.kernelVersion}`);
  },
});
