import type { Forward } from '../../shared/contract/schemas.ts';
import { IconButton } from '../design/button.tsx';
import { CopyButton } from '../design/copy-button.tsx';
import { Icon } from '../design/icon.tsx';
import { useSite } from '../site/site.ts';
import styles from './forward-list.module.css';
import { forwardUse } from './forward-use.ts';

interface Props {
  readonly label: string;
  readonly forwards: readonly Forward[];
}

/** Links to click where a browser can open them; else what to type, to be copied. */
export function ForwardList({ label, forwards }: Props) {
  return (
    <ul className={styles.list} aria-label={label}>
      {forwards.map((forward) => (
        <ForwardLine key={`${forward.protocol}${forward.port}`} forward={forward} />
      ))}
    </ul>
  );
}

function ForwardLine({ forward }: { readonly forward: Forward }) {
  const { commands } = useSite();
  const { port, protocol, domain, toPort, fault } = forward;
  return (
    <li>
      <span className={styles.address}>
        <Way forward={forward} />
      </span>
      <span className={styles.to}>
        <Icon name="move" /> {domain}:{toPort}
        {protocol === 'udp' && ' UDP'}
      </span>
      <IconButton
        icon="close"
        size="small"
        label={`Remove the forward of port ${port}`}
        onPress={() => commands.removeForward(forward)}
      />
      {fault !== null && <span className={styles.fault}>{fault}</span>}
    </li>
  );
}

function Way({ forward }: { readonly forward: Forward }) {
  const use = forwardUse(forward);
  if (forward.fault !== null) return <>127.0.0.1:{forward.port}</>;
  if (use.kind === 'open') {
    return (
      <a href={use.href} target="_blank" rel="noreferrer">
        {use.href.replace(/\/$/, '')}
      </a>
    );
  }
  return (
    <>
      <code>{use.text}</code> <CopyButton text={use.text} label={`Copy ${use.what}`} />
    </>
  );
}
