import styles from './icon.module.css';

/** Drawn on a 16 × 16 grid, 1.5 px lines. */
const PATHS = {
  run: 'M5 3.5v9l7.5-4.5z',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  power: 'M8 2.5v5M4.8 4.6a4.6 4.6 0 1 0 6.4 0',
  reboot: 'M12.6 8a4.6 4.6 0 1 1-1.5-3.4M11.5 2.2v2.8H8.7',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  plus: 'M8 3v10M3 8h10',
  close: 'M4 4l8 8M12 4l-8 8',
  search: 'M7.2 11.4a4.2 4.2 0 1 0 0-8.4 4.2 4.2 0 0 0 0 8.4zM10.3 10.3 13.2 13.2',
  move: 'M2.5 8h11M9.7 4.2 13.5 8l-3.8 3.8',
  check: 'M3.2 8.4 6.4 11.6 12.8 4.8',
  cross: 'M4.2 4.2l7.6 7.6M11.8 4.2l-7.6 7.6',
  chevron: 'M6 3.8 10.2 8 6 12.2',
  up: 'M3.8 10 8 5.8 12.2 10',
  down: 'M3.8 6 8 10.2 12.2 6',
  host: 'M2.5 3.5h11v4h-11zM2.5 8.5h11v4h-11zM5 5.5h.01M5 10.5h.01',
  site: 'M2.8 7.4 8 3l5.2 4.4V13H2.8z',
  image: 'M8 2.5 13.5 5.2v5.6L8 13.5 2.5 10.8V5.2zM2.7 5.3 8 8l5.3-2.7M8 8v5.4',
  console: 'M2.5 3.5h11v9h-11zM5 6.5 7 8 5 9.5M8.5 10h2.5',
  tasks: 'M3 4.5h.01M3 8h.01M3 11.5h.01M6 4.5h7M6 8h7M6 11.5h7',
  events: 'M8 13.2A5.2 5.2 0 1 0 8 2.8a5.2 5.2 0 0 0 0 10.4zM8 5v3.2l2 1.4',
  popOut: 'M9 3h4v4M13 3 7.6 8.4M11.5 9.5V13h-8.5V4.5H6.5',
  undo: 'M5.5 3.5 2.8 6.2l2.7 2.7M3 6.2h6.2a3.4 3.4 0 0 1 0 6.8H6.5',
  split: 'M2.5 3.5h11v9h-11zM8 3.5v9',
  theme: 'M8 2.8a5.2 5.2 0 1 0 0 10.4zM8 2.8a5.2 5.2 0 0 1 0 10.4',
  warning: 'M8 2.8 13.8 13H2.2zM8 6.6v3M8 11.2h.01',
  help: 'M5.9 6a2.1 2.1 0 1 1 3.1 1.9c-.7.4-1 .8-1 1.6M8 12.2h.01',
  grip: 'M6 4h.01M10 4h.01M6 8h.01M10 8h.01M6 12h.01M10 12h.01',
  trash: 'M3 4.5h10M6.3 4.3V2.8h3.4v1.5M4.3 4.6l.6 8.6h6.2l.6-8.6',
  storage:
    'M3 4.3c0-1 2.2-1.8 5-1.8s5 .8 5 1.8-2.2 1.8-5 1.8-5-.8-5-1.8zM3 4.3v7.4c0 1 2.2 1.8 5 1.8s5-.8 5-1.8V4.3M3 8c0 1 2.2 1.8 5 1.8s5-.8 5-1.8',
  network: 'M6 2.5h4v3.2H6zM2.5 10.3h4v3.2h-4zM9.5 10.3h4v3.2h-4zM8 5.7V8M4.5 10.3V8h7v2.3',
  disk: 'M2.5 9.5h11v3.5h-11zM2.5 9.5l2-6.5h7l2 6.5M11 11.3h.01',
  card: 'M2.5 4h11v6.5h-11zM5 10.5v2M8 10.5v2M11 10.5v2M5 6.5h2.5M5 8.2h1',
  copy: 'M5.5 5.5h7.5V13H5.5zM10.5 5.5V3H3v7.5h2.5',
  upload: 'M8 11V3.2M4.8 6.2 8 3l3.2 3.2M3 13h10',
  download: 'M8 3v7.8M4.8 7.8 8 11l3.2-3.2M3 13h10',
  globe:
    'M8 13.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM2.5 8h11M8 2.5c1.6 1.5 2.4 3.3 2.4 5.5S9.6 12 8 13.5C6.4 12 5.6 10.2 5.6 8S6.4 4 8 2.5z',
  record: 'M8 12.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM8 8.5a.5.5 0 1 0 0-1 .5.5 0 0 0 0 1z',
  stop: 'M4.5 4.5h7v7h-7z',
  shield: 'M8 2.5 12.8 4.2v3.6c0 2.7-2 4.8-4.8 5.7-2.8-.9-4.8-3-4.8-5.7V4.2z',
  rename: 'M3 13h10M4 10.2l6.4-6.6 1.8 1.8L5.8 12H4z',
} as const;

export type IconName = keyof typeof PATHS;

/** Says nothing to a screen reader: the control around it has the name. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className={styles.icon} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
