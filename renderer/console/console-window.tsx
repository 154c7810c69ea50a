import { useDocumentTitle } from '../app/document-title.ts';
import { Empty } from '../design/empty.tsx';
import { useDomain } from '../site/queries.ts';
import { ConsolePane } from './console-pane.tsx';
import styles from './console-window.module.css';

/** A window with one console and nothing else. Closing it leaves the domain as it is. */
export function ConsoleWindow({ uuid }: { readonly uuid: string }) {
  const domain = useDomain(uuid);
  useDocumentTitle(domain?.name);
  if (domain === undefined) return <Empty icon="console" title="There is no such domain" />;
  return (
    <main className={styles.window} aria-label={`Console of ${domain.name}`}>
      <ConsolePane domain={domain} />
    </main>
  );
}
