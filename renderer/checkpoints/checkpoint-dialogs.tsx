/** Asked, because what is lost here cannot be had back. */
import type { ReactNode } from 'react';
import { closeOverlay } from '../app/overlays.ts';
import { Button } from '../design/button.tsx';
import { Dialog, DialogBody, DialogButtons } from '../design/dialog.tsx';
import { useDomain } from '../site/queries.ts';
import { useSite } from '../site/site.ts';

interface Props {
  readonly uuid: string;
  /** Its id. */
  readonly checkpoint: string;
  readonly label: string;
}

export function RevertDialog({ uuid, checkpoint, label }: Props) {
  const { commands } = useSite();
  const domain = useDomain(uuid);
  if (domain === undefined) return null;
  return (
    <Question
      title={`Revert ${domain.name} to “${label}”?`}
      keep="Leave it as it is"
      act="Revert"
      run={() => commands.revert(domain, checkpoint, label)}
    >
      <p>
        Lost is what {domain.name} has in memory and wrote to its disks since its last checkpoint.
        Its checkpoints stay. To keep what it is now, make one first.
      </p>
    </Question>
  );
}

export function DeleteCheckpointDialog({ uuid, checkpoint, label }: Props) {
  const { commands } = useSite();
  const domain = useDomain(uuid);
  if (domain === undefined) return null;
  return (
    <Question
      title={`Delete the checkpoint “${label}”?`}
      keep="Keep it"
      act="Delete"
      run={() => commands.deleteCheckpoint(domain, checkpoint, label)}
    >
      <p>{domain.name} cannot go back there any more. Checkpoints that came after it stay.</p>
    </Question>
  );
}

interface QuestionProps {
  readonly title: string;
  readonly keep: string;
  readonly act: string;
  readonly run: () => void;
  readonly children: ReactNode;
}

function Question({ title, keep, act, run, children }: QuestionProps) {
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
