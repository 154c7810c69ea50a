/** The two questions of this window: asked because what is lost here cannot be undone. */
import type { ReactNode } from 'react';
import type { Domain } from '../../shared/contract/schemas.ts';
import { closeOverlay } from '../app/overlays.ts';
import { Button } from '../design/button.tsx';
import { Dialog, DialogBody, DialogButtons } from '../design/dialog.tsx';
import { memory } from '../design/format.ts';
import { Since } from '../design/time.tsx';
import { useDomain } from '../site/queries.ts';
import { useSite } from '../site/site.ts';

export function ForceOffDialog({ uuid }: { readonly uuid: string }) {
  const { commands } = useSite();
  const domain = useDomain(uuid);
  if (domain === undefined) return null;
  if (domain.state === 'saved') {
    return (
      <LossDialog
        title={`Give up the saved state of ${domain.name}?`}
        act="Give up"
        keep="Keep it"
        run={() => commands.forceOff(domain)}
      >
        <p>
          Lost is the memory that it was saved with. Its definition and its disks stay; its next
          start boots it.
        </p>
      </LossDialog>
    );
  }
  return (
    <LossDialog
      title={`Force off ${domain.name}?`}
      act="Force off"
      run={() => commands.forceOff(domain)}
    >
      <p>
        It is like pulling the plug. Lost are <Lost domain={domain} />. Its definition stays, and it
        can be run again.
      </p>
    </LossDialog>
  );
}

export function ForceDeleteDialog({ uuid }: { readonly uuid: string }) {
  const { commands } = useSite();
  const domain = useDomain(uuid);
  if (domain === undefined) return null;
  return (
    <LossDialog
      title={`Force off and delete ${domain.name}?`}
      act="Force off and delete"
      run={() => commands.delete(domain)}
    >
      <p>
        It is forced off first. Lost are <Lost domain={domain} />. The deletion of its definition
        can be undone from the task strip.
      </p>
    </LossDialog>
  );
}

function Lost({ domain }: { readonly domain: Domain }) {
  return (
    <>
      {memory(domain.memory.actualKiB)} of memory with everything that runs in it
      {domain.startedAtMs !== null && (
        <>
          {' '}
          (for <Since timeMs={domain.startedAtMs} />)
        </>
      )}
    </>
  );
}

interface LossProps {
  readonly title: string;
  /** The verb on the button. */
  readonly act: string;
  readonly keep?: string;
  readonly run: () => void;
  readonly children: ReactNode;
}

function LossDialog({ title, act, keep = 'Keep it running', run, children }: LossProps) {
  return (
    <Dialog title={title} role="alertdialog" onClose={closeOverlay}>
      <DialogBody>{children}</DialogBody>
      <DialogButtons>
        <Button autoFocus onPress={closeOverlay}>
          {keep}
        </Button>
        <Button
          kind="danger"
          onPress={() => {
            closeOverlay();
            run();
          }}
        >
          {act}
        </Button>
      </DialogButtons>
    </Dialog>
  );
}
