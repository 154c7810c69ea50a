import { closeOverlay } from '../app/overlays.ts';
import { Button } from '../design/button.tsx';
import { Dialog, DialogBody, DialogButtons } from '../design/dialog.tsx';
import { size } from '../design/format.ts';
import { usePools } from '../site/queries.ts';
import { useSite } from '../site/site.ts';

interface Props {
  readonly pool: string;
  readonly volume: string;
}

/** Asked, because a content that is gone cannot be had back. */
export function DeleteVolumeDialog({ pool, volume: name }: Props) {
  const { commands } = useSite();
  const volumes = usePools()?.find((one) => one.name === pool)?.volumes;
  const volume = volumes?.find((one) => one.name === name);
  if (volume === undefined) return null;
  return (
    <Dialog title={`Delete ${pool}/${name}?`} role="alertdialog" onClose={closeOverlay}>
      <DialogBody>
        <p>
          Lost for good are its {size(volume.allocatedBytes)} of content
          {volume.bytes !== null && `, a disk of ${size(volume.bytes)}`}. No domain uses it.
        </p>
      </DialogBody>
      <DialogButtons>
        <Button autoFocus onPress={closeOverlay}>
          Keep it
        </Button>
        <Button
          kind="danger"
          onPress={() => {
            closeOverlay();
            commands.removeVolume(pool, name);
          }}
        >
          Delete
        </Button>
      </DialogButtons>
    </Dialog>
  );
}
