import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { type ImportImage } from '../../shared/contract/schemas.ts';
import { FormDialog } from '../app/form-dialog.tsx';
import { NameField } from '../app/name-field.tsx';
import { closeOverlay } from '../app/overlays.ts';
import { Segments, TextField } from '../design/field.tsx';
import { useSite } from '../site/site.ts';

type Content = 'kernel' | 'disk' | 'both';

const CONTENTS: readonly { id: Content; label: string }[] = [
  { id: 'kernel', label: 'Kernel' },
  { id: 'disk', label: 'Disk' },
  { id: 'both', label: 'Kernel and disk' },
];
const WORDS: Record<Content, string> = {
  kernel: 'Its domains run in memory, from the initial file system.',
  disk: "Each domain gets an overlay over the disk, and starts with Debian's newest kernel here.",
  both: 'Each domain gets an overlay over the disk, and starts with your kernel.',
};
const DEFAULT_CMDLINE = 'console=hvc0';

/** A person's own image: by path, because the files lie where Domus runs, not in the browser. */
export function ImportImageDialog() {
  const { queries } = useSite();
  const [content, setContent] = useState<Content>('kernel');
  const [name, setName] = useState('');
  const [kernelPath, setKernelPath] = useState('');
  const [initrdPath, setInitrdPath] = useState('');
  const [diskPath, setDiskPath] = useState('');
  const [root, setRoot] = useState('');
  const [cmdline, setCmdline] = useState(DEFAULT_CMDLINE);
  const importing = useMutation(queries.images.import.mutationOptions({ onSuccess: closeOverlay }));
  const asked = (): ImportImage => ({
    name,
    ...(content === 'disk' ? {} : { kernelPath, initrdPath, cmdline }),
    ...(content === 'kernel' ? {} : { diskPath }),
    ...(content !== 'disk' || root.trim() === '' ? {} : { root: root.trim() }),
  });
  return (
    <FormDialog
      title="Import an image"
      act="Import"
      call={importing}
      onSubmit={() => importing.mutate(asked())}
    >
      <NameField value={name} onChange={setName} />
      <Segments label="Content" options={CONTENTS} value={content} onChange={setContent} />
      <p>{WORDS[content]}</p>
      {content !== 'disk' && (
        <>
          <TextField
            label="Kernel"
            mono
            isRequired
            placeholder="/boot/vmlinuz-6.1.0-686-pae"
            value={kernelPath}
            onChange={setKernelPath}
            description="A path on the machine that Domus runs on: an i386 bzImage."
          />
          <TextField
            label="Initrd"
            mono
            isRequired
            placeholder="/boot/initrd.img-6.1.0-686-pae"
            value={initrdPath}
            onChange={setInitrdPath}
          />
          <TextField label="Command line" mono value={cmdline} onChange={setCmdline} />
        </>
      )}
      {content !== 'kernel' && (
        <TextField
          label="Disk"
          mono
          isRequired
          placeholder="/srv/debian.qcow2"
          value={diskPath}
          onChange={setDiskPath}
          description="A path on the machine that Domus runs on: raw or qcow2, by its name. It is copied."
        />
      )}
      {content === 'disk' && (
        <TextField label="Root" mono placeholder="/dev/xvda1" value={root} onChange={setRoot} />
      )}
    </FormDialog>
  );
}
