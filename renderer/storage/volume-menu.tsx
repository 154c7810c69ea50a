import type { Pool, Volume } from '../../shared/contract/schemas.ts';
import { overlay } from '../app/overlays.ts';
import { Menu, MenuItem, MenuSeparator } from '../design/menu.tsx';
import { useSite } from '../site/site.ts';
import { downloadSaver } from './save-download.ts';
import { usersSentence } from './volume-users.ts';

interface Props {
  readonly pool: Pool;
  readonly volume: Volume;
  readonly onClose: () => void;
}

/** What cannot be done now stays to be seen, with the reason. */
export function VolumeMenu({ pool, volume, onClose }: Props) {
  const { transfers } = useSite();
  const place = { pool: pool.name, volume: volume.name };
  const source = `${pool.name}/${volume.name}`;
  const users = usersSentence(volume);
  const used = users === null ? null : `It is used by ${users}.`;
  const broken = volume.fault;
  const runs: Record<string, () => void> = {
    overlay: () => overlay.set({ kind: 'create-volume', pool: pool.name, over: source }),
    clone: () => overlay.set({ kind: 'clone-volume', ...place }),
    grow: () => overlay.set({ kind: 'grow-volume', ...place }),
    delete: () => overlay.set({ kind: 'delete-volume', ...place }),
    download: () => {
      void downloadSaver(volume.name, volume.allocatedBytes).then((save) => {
        if (save !== null) transfers.download(place, save);
      });
    },
  };
  const reasons: Record<string, string | null> = {
    overlay: broken,
    clone: broken,
    grow: broken ?? used,
    download: transfers.isPossible
      ? null
      : 'This window has no HTTP address. Use domus volume download.',
    delete: used,
  };
  const disabled = Object.keys(reasons).filter((key) => reasons[key] !== null);
  return (
    <Menu
      aria-label={volume.name}
      autoFocus="first"
      disabledKeys={disabled}
      onAction={(key) => {
        onClose();
        runs[String(key)]?.();
      }}
    >
      <MenuItem
        id="overlay"
        icon="plus"
        label="New overlay over it…"
        detail={reasons.overlay ?? 'From then on it is only read.'}
      />
      <MenuItem id="clone" icon="copy" label="Copy…" detail={reasons.clone ?? null} />
      <MenuItem id="grow" icon="up" label="Grow…" detail={reasons.grow ?? null} />
      <MenuItem id="download" icon="download" label="Download" detail={reasons.download ?? null} />
      <MenuSeparator />
      <MenuItem id="delete" icon="trash" label="Delete…" detail={reasons.delete ?? null} danger />
    </Menu>
  );
}
