import { Dialog, DialogBody } from '../design/dialog.tsx';
import { closeOverlay } from './overlays.ts';
import styles from './shortcut-help.module.css';
import { leaveConsoleKey, paletteKey } from './shortcuts.ts';

interface KeyGroup {
  readonly title: string;
  readonly keys: readonly (readonly [string, string])[];
}

const GROUPS: readonly KeyGroup[] = [
  {
    title: 'Everywhere',
    keys: [
      [paletteKey, 'commands'],
      ['/', 'search'],
      ['n', 'new domain'],
      ['g', 'go to the site'],
      ['F6', 'next part of the window'],
      ['?', 'this list'],
    ],
  },
  {
    title: 'In a list',
    keys: [
      ['j  k', 'down, up'],
      ['Enter', 'open'],
      ['Tab', 'to the controls in the row'],
      ['Enter on ⠿', 'drag by keyboard: Tab to a host, Enter drops, Escape cancels'],
    ],
  },
  {
    title: 'On the map of networks',
    keys: [
      ['↑ ↓', 'the domains of a host'],
      ['← →', 'the next host'],
      ['Enter', 'the devices of the domain'],
    ],
  },
  {
    title: 'On a memory slider',
    keys: [
      ['← →', 'less, more'],
      ['0 … 9', 'type a number'],
      ['Escape', 'take it back'],
    ],
  },
  {
    title: 'In a console',
    keys: [
      [leaveConsoleKey, 'leave the console; all other keys go to the guest'],
      ['Ctrl-Shift-C', 'copy'],
      ['Ctrl-Shift-V', 'paste'],
      ['Ctrl-Shift-F', 'search'],
      ['Ctrl-Shift-P', 'commands'],
    ],
  },
];

export function ShortcutHelp() {
  return (
    <Dialog title="Keys" onClose={closeOverlay}>
      <DialogBody>
        {GROUPS.map(({ title, keys }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl className={styles.keys}>
              {keys.map(([key, does]) => (
                <div key={key}>
                  <dt>
                    <kbd>{key}</kbd>
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </DialogBody>
    </Dialog>
  );
}
