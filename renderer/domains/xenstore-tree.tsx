import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import {
  Button,
  Collection,
  type Key,
  Tree,
  TreeItem,
  TreeItemContent,
} from 'react-aria-components';
import type { XenstoreNode } from '../../shared/contract/schemas.ts';
import { Icon } from '../design/icon.tsx';
import { errorDataOf } from '../site/error-data.ts';
import { useSite } from '../site/site.ts';
import { useValue } from '../state/value.ts';
import styles from './xenstore-tree.module.css';

interface Props {
  readonly host: string;
  readonly path: string;
}

/** A part of xenstore: read as it is unfolded, and again where a watch fires. */
export function XenstoreTree({ host, path }: Props) {
  const [expanded, setExpanded] = useState<Set<Key>>(new Set());
  const root = useChildren(host, path, true);
  useRereadOnWatch(host, path);
  if (root.error !== null) return <p role="alert">{errorDataOf(root.error).message}</p>;
  return (
    <>
      <p className={styles.path}>
        <code>{path}</code>
      </p>
      <Tree
        aria-label={`xenstore below ${path}`}
        className={styles.tree!}
        selectionMode="none"
        expandedKeys={expanded}
        onExpandedChange={setExpanded}
        items={root.data ?? []}
        renderEmptyState={() => (root.isPending ? 'Reading …' : 'Nothing here.')}
      >
        {(node) => <Node host={host} node={node} expanded={expanded} />}
      </Tree>
    </>
  );
}

interface NodeProps {
  readonly host: string;
  readonly node: XenstoreNode;
  readonly expanded: ReadonlySet<Key>;
}

function Node({ host, node, expanded }: NodeProps) {
  const children = useChildren(host, node.path, node.hasChildren && expanded.has(node.path));
  const name = node.path.slice(node.path.lastIndexOf('/') + 1);
  return (
    <TreeItem
      id={node.path}
      textValue={name}
      hasChildItems={node.hasChildren}
      className={styles.item!}
    >
      <TreeItemContent>
        {({ hasChildItems, level }) => (
          <span className={styles.line} style={{ paddingLeft: (level - 1) * 16 }}>
            {hasChildItems ? (
              <Button slot="chevron" className={styles.chevron!} aria-label={`Unfold ${name}`}>
                <Icon name="chevron" />
              </Button>
            ) : (
              <span className={styles.chevron} />
            )}
            <code>{name}</code>
            {node.value !== '' && <code className={styles.value}>= “{node.value}”</code>}
            <span className={styles.permissions}>{node.permissions}</span>
          </span>
        )}
      </TreeItemContent>
      <Collection items={children.data ?? []}>
        {(child) => <Node host={host} node={child} expanded={expanded} />}
      </Collection>
    </TreeItem>
  );
}

function useChildren(host: string, path: string, isWanted: boolean) {
  const { queries } = useSite();
  return useQuery({
    ...queries.xenstore.list.queryOptions({ input: { host, path } }),
    // The answer begins with the node itself.
    select: childrenOf,
    enabled: isWanted,
  });
}

function childrenOf([, ...children]: readonly XenstoreNode[]): readonly XenstoreNode[] {
  return children;
}

/** A watch on the whole part: the parent of each path that changed is read again. */
function useRereadOnWatch(host: string, path: string): void {
  const { transport, queries } = useSite();
  const cache = useQueryClient();
  const isConnected = useValue(transport.connection).state === 'connected';
  useEffect(() => {
    if (!isConnected) return;
    const stop = new AbortController();
    const { signal } = stop;
    const follow = async (): Promise<void> => {
      const changes = await transport.api.xenstore.watch({ host, path }, { signal });
      for await (const change of changes) {
        const parent = change.path.slice(0, change.path.lastIndexOf('/')) || '/';
        const queryKey = queries.xenstore.list.queryKey({ input: { host, path: parent } });
        void cache.invalidateQueries({ queryKey });
      }
    };
    // The tree itself says when it cannot be read.
    follow().catch(() => undefined);
    return () => stop.abort();
  }, [transport, queries, cache, host, path, isConnected]);
}
