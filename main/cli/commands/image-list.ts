import { defineCommand } from '../arguments/command.ts';
import { table } from '../format/table.ts';
import { bytes, timestamp } from '../format/units.ts';

export const command = defineCommand({
  words: [],
  options: {},
  notes:
    'Id and Name both name an image. Golden: the maximum memories (MiB) of which a running state is kept, to clone at once. Disk: the root disk that a domain gets a copy of. * is the default.',
  async run(context) {
    const images = await (await context.site()).images.list();
    const rows = images.map((image) => [
      image.id,
      image.isDefault ? `${image.name} *` : image.name,
      image.kind,
      image.kernelVersion,
      bytes(image.sizeBytes),
      image.diskBytes === null ? '' : bytes(image.diskBytes),
      timestamp(image.createdAtMs),
      image.goldenMiB.join(', '),
    ]);
    await context.output.result(images, () =>
      table(['Id', 'Name', 'Kind', 'Kernel', 'Size', 'Disk', 'Created', 'Golden'], rows, [
        'Size',
        'Disk',
      ]),
    );
  },
});
