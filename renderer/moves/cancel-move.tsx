import type { Move } from '../../shared/contract/schemas.ts';
import { Button } from '../design/button.tsx';
import { useTask } from '../site/queries.ts';
import { useSite } from '../site/site.ts';

/** While it can be: after its last page it cannot any more. */
export function CancelMove({ move }: { readonly move: Move }) {
  const { commands } = useSite();
  const task = useTask(move.id);
  if (move.state !== 'running') return null;
  return (
    <Button
      icon="close"
      isDisabled={task?.cancellable !== true}
      onPress={() => commands.cancelTask(move.id)}
    >
      Cancel
    </Button>
  );
}
