import { DeleteCheckpointDialog, RevertDialog } from '../checkpoints/checkpoint-dialogs.tsx';
import { CloneDialog } from '../checkpoints/clone-dialog.tsx';
import { CreateDomainDialog } from '../domains/create-domain-dialog.tsx';
import { ForceDeleteDialog, ForceOffDialog } from '../domains/loss-dialogs.tsx';
import { RenameDialog } from '../domains/rename-dialog.tsx';
import { AddHostDialog } from '../hosts/add-host-dialog.tsx';
import { BuildImageDialog } from '../images/build-image-dialog.tsx';
import { ImportImageDialog } from '../images/import-image-dialog.tsx';
import { MoveDialog } from '../moves/move-dialog.tsx';
import { AddNetworkDialog } from '../networks/add-network-dialog.tsx';
import { AddPoolDialog } from '../storage/add-pool-dialog.tsx';
import { DeleteVolumeDialog } from '../storage/delete-volume-dialog.tsx';
import {
  CloneVolumeDialog,
  CreateVolumeDialog,
  GrowVolumeDialog,
} from '../storage/volume-dialogs.tsx';
import { useValue } from '../state/value.ts';
import { CommandPalette } from './command-palette.tsx';
import { overlay } from './overlays.ts';
import { ShortcutHelp } from './shortcut-help.tsx';

export function OverlayHost() {
  const shown = useValue(overlay);
  if (shown === null) return null;
  switch (shown.kind) {
    case 'palette':
      return <CommandPalette />;
    case 'help':
      return <ShortcutHelp />;
    case 'create-domain':
      return <CreateDomainDialog />;
    case 'add-host':
      return <AddHostDialog />;
    case 'build-image':
      return <BuildImageDialog />;
    case 'import-image':
      return <ImportImageDialog />;
    case 'add-pool':
      return <AddPoolDialog />;
    case 'create-volume':
      return <CreateVolumeDialog pool={shown.pool} over={shown.over} />;
    case 'clone-volume':
      return <CloneVolumeDialog pool={shown.pool} volume={shown.volume} />;
    case 'grow-volume':
      return <GrowVolumeDialog pool={shown.pool} volume={shown.volume} />;
    case 'delete-volume':
      return <DeleteVolumeDialog pool={shown.pool} volume={shown.volume} />;
    case 'add-network':
      return <AddNetworkDialog />;
    case 'move':
      return <MoveDialog uuid={shown.uuid} />;
    case 'rename':
      return <RenameDialog uuid={shown.uuid} />;
    case 'clone':
      return <CloneDialog uuid={shown.uuid} />;
    case 'revert':
      return <RevertDialog {...shown} />;
    case 'delete-checkpoint':
      return <DeleteCheckpointDialog {...shown} />;
    case 'force-off':
      return <ForceOffDialog uuid={shown.uuid} />;
    case 'force-delete':
      return <ForceDeleteDialog uuid={shown.uuid} />;
  }
}
