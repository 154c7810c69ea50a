import { CreateDomainDialog } from '../domains/create-domain-dialog.tsx';
import { ForceDeleteDialog, ForceOffDialog } from '../domains/loss-dialogs.tsx';
import { RenameDialog } from '../domains/rename-dialog.tsx';
import { AddHostDialog } from '../hosts/add-host-dialog.tsx';
import { ImportImageDialog } from '../images/import-image-dialog.tsx';
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
    case 'import-image':
      return <ImportImageDialog />;
    case 'rename':
      return <RenameDialog uuid={shown.uuid} />;
    case 'force-off':
      return <ForceOffDialog uuid={shown.uuid} />;
    case 'force-delete':
      return <ForceDeleteDialog uuid={shown.uuid} />;
  }
}
