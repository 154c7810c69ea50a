/** A checkpoint is forgotten: its memory goes, and those of its overlays that nothing else needs. */
import type { Task } from '../../../shared/contract/index.ts';
import type { ManagedDomain } from '../domains/managed-domain.ts';
import type { SiteParts } from '../site-parts.ts';
import type { CheckpointRecord } from '../store/checkpoint-table.ts';
import { countCheckpoints, removeFile } from './checkpoint-book.ts';
import { collectLayers } from './layers.ts';

/**
 * What came after it comes from its parent then. A kill between the steps leaves a file that the next
 * start deletes. Error `domain.busy`.
 */
export function removeCheckpoint(
  parts: SiteParts,
  domain: ManagedDomain,
  checkpoint: CheckpointRecord,
): Task {
  domain.requireIdle();
  const { name, uuid } = domain;
  const { label, id } = checkpoint;
  const title = `checkpoint “${label}” of ${name}`;
  return parts.tasks.start(
    { kind: 'checkpoint-delete', title: `Deleting ${title}`, domain: uuid },
    async () => {
      await domain.exclusively('relieved of a checkpoint', async () => {
        parts.store.checkpoints.remove(checkpoint);
        countCheckpoints(parts, uuid);
        removeFile(parts, id);
        await collectLayers(parts, domain);
      });
      parts.poolViews.changed();
      parts.events.add('info', 'checkpoint.deleted', `The ${title} was deleted.`, { domain: uuid });
      return { title: `Deleted ${title}` };
    },
  );
}
