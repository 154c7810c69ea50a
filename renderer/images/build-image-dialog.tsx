import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { ImageRecipe } from '../../shared/contract/schemas.ts';
import { FormDialog } from '../app/form-dialog.tsx';
import { closeOverlay } from '../app/overlays.ts';
import { Segments } from '../design/field.tsx';
import { useSite } from '../site/site.ts';

const LABELS: Record<ImageRecipe, string> = { busybox: 'Quick', debian: 'Whole Debian' };
const RECIPES = ImageRecipe.options.map((id) => ({ id, label: LABELS[id] }));
const WORDS: Record<ImageRecipe, string> = {
  busybox:
    "Debian's kernel with busybox, all in memory and without a disk: its domains start at once.",
  debian:
    'A root disk with apt, an ssh server and all that a small Debian has; each domain gets an overlay over it. To build it takes some minutes, and mmdebstrap installed.',
};

export function BuildImageDialog() {
  const { queries } = useSite();
  const [recipe, setRecipe] = useState<ImageRecipe>('busybox');
  const build = useMutation(queries.images.build.mutationOptions({ onSuccess: closeOverlay }));
  return (
    <FormDialog
      title="Build an image"
      act="Build"
      call={build}
      onSubmit={() => build.mutate({ recipe })}
    >
      <Segments label="Content" options={RECIPES} value={recipe} onChange={setRecipe} />
      <p>{WORDS[recipe]}</p>
    </FormDialog>
  );
}
