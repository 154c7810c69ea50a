import { Image, ImageRecipe } from '../../../shared/contract/index.ts';
import { defineCommand } from '../arguments/command.ts';
import { oneOf } from '../arguments/one-of.ts';
import { finished } from '../task-result.ts';

export const command = defineCommand({
  words: ['[RECIPE]'],
  options: { kernel: { kind: 'text', value: 'VERSION', help: 'another kernel of the suite' } },
  notes:
    'RECIPE is busybox (the default: no disk, starts at once) or debian: a root disk with apt and an ssh server, for "create --image debian". That takes some minutes, and mmdebstrap installed.',
  async run(context, { words: [recipe], options: { kernel } }) {
    const task = await (
      await context.site()
    ).images.build({
      recipe: oneOf('image build', 'RECIPE', ImageRecipe.options, recipe),
      kernelVersion: kernel,
    });
    const { result } = await finished(context, task);
    const image = Image.omit({ goldenMiB: true }).parse(result);
    await context.output.result(result, () => `built ${image.name}: Linux ${image.kernelVersion}`);
  },
});
