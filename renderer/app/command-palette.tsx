import { useMemo, useState } from 'react';
import {
  Autocomplete,
  Dialog,
  Input,
  Menu,
  Modal,
  ModalOverlay,
  TextField,
} from 'react-aria-components';
import dialogStyles from '../design/dialog.module.css';
import { MenuItem } from '../design/menu.tsx';
import { useHosts } from '../site/queries.ts';
import { useSite } from '../site/site.ts';
import styles from './command-palette.module.css';
import { closeOverlay } from './overlays.ts';
import { findEntries, type PaletteEntry } from './find-entries.ts';
import { paletteEntries } from './palette-entries.ts';

/** Every page and every action by its name. What is typed narrows the list; Enter does the first. */
export function CommandPalette() {
  const { cache, commands } = useSite();
  const hosts = useHosts();
  const [text, setText] = useState('');
  const entries = useMemo(
    () => paletteEntries(cache, commands, hosts ?? []),
    [cache, commands, hosts],
  );
  const found = useMemo(() => findEntries(entries, text), [entries, text]);
  const run = (entry: PaletteEntry | undefined) => {
    if (entry === undefined) return;
    closeOverlay();
    entry.run();
  };
  return (
    <ModalOverlay
      isOpen
      isDismissable
      onOpenChange={(open) => !open && closeOverlay()}
      className={dialogStyles.overlay!}
    >
      <Modal className={dialogStyles.modal!}>
        <Dialog aria-label="Commands" className={styles.palette!}>
          <Autocomplete inputValue={text} onInputChange={setText}>
            <TextField aria-label="Command" autoFocus className={styles.field!}>
              <Input className={styles.input!} placeholder="A domain, a page, an action" />
            </TextField>
            <Menu
              aria-label="Commands"
              className={styles.list!}
              items={found}
              onAction={(key) => run(entries.find((entry) => entry.id === key))}
              renderEmptyState={() => <p className={styles.none}>Nothing is called that.</p>}
            >
              {(entry) => (
                <MenuItem
                  id={entry.id}
                  icon={entry.icon}
                  label={entry.label}
                  detail={entry.detail}
                />
              )}
            </Menu>
          </Autocomplete>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
