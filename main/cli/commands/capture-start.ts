import { resolve } from 'node:path';
import { defineCommand } from '../arguments/command.ts';
import { interfaceNumber } from '../arguments/net-option.ts';

export const command = defineCommand({
  words: ['DOMAIN', 'INTERFACE'],
  options: {
    file: { kind: 'text', value: 'FILE', help: 'a new file; else one in the home folder' },
    max: { kind: 'number', value: 'MiB', help: 'the file grows no further than this; else 1024' },
  },
  notes: `INTERFACE is its number, or ethN. Returns at once; the capture goes on, also when the domain moves,
until "capture stop", or its end. The file is pcap: for tcpdump, Wireshark and others.`,
  async run(context, { words: [domain, text], options: { file, max } }) {
    const capture = await (
      await context.site()
    ).captures.start({
      domain,
      handle: interfaceNumber('capture start', text),
      path: file === undefined ? undefined : resolve(file),
      maxMiB: max,
    });
    await context.output.result(capture, () => `capture ${capture.id}: ${capture.path}`);
  },
});
