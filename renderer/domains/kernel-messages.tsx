import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Domain } from '../../shared/contract/schemas.ts';
import { Button } from '../design/button.tsx';
import { errorDataOf } from '../site/error-data.ts';
import { useSite } from '../site/site.ts';
import styles from './kernel-messages.module.css';

/** The guest's kernel messages, read when asked for. */
export function KernelMessages({ domain }: { readonly domain: Domain }) {
  const { queries } = useSite();
  const [isShown, setIsShown] = useState(false);
  const messages = useQuery({
    ...queries.domains.dmesg.queryOptions({ input: { domain: domain.uuid } }),
    enabled: isShown,
    staleTime: 0,
  });
  return (
    <section aria-labelledby="kernel-messages">
      <h2 id="kernel-messages">Kernel messages</h2>
      {isShown && messages.error !== null && (
        <p role="alert">{errorDataOf(messages.error).message}</p>
      )}
      {isShown && messages.data !== undefined && (
        <pre className={styles.text} tabIndex={0} aria-labelledby="kernel-messages">
          {messages.data.text === '' ? 'Nothing was printed yet.' : messages.data.text}
        </pre>
      )}
      <Button
        isPending={isShown && messages.isFetching}
        onPress={() => (isShown ? void messages.refetch() : setIsShown(true))}
      >
        {isShown ? 'Read again' : 'Show'}
      </Button>
    </section>
  );
}
