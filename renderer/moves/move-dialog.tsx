import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { MigrationTarget } from '../../shared/contract/schemas.ts';
import { FormDialog } from '../app/form-dialog.tsx';
import { closeOverlay } from '../app/overlays.ts';
import { NumberField, Select, Switch } from '../design/field.tsx';
import { milliseconds } from '../design/format.ts';
import { useDomain } from '../site/queries.ts';
import { useSite } from '../site/site.ts';
import { type MoveWishes, NO_WISHES, optionsOf } from './move-wishes.ts';
import { watchedMove } from './watched-move.ts';

/** A move with terms: what it may take of the link, of the guest, and how long the stop may be. */
export function MoveDialog({ uuid }: { readonly uuid: string }) {
  const { queries } = useSite();
  const domain = useDomain(uuid);
  const [chosen, setChosen] = useState<string | null>(null);
  const [wishes, setWishes] = useState<MoveWishes>(NO_WISHES);
  const asked = useQuery({
    ...queries.domains.migrationTargets.queryOptions({ input: { domain: uuid } }),
    staleTime: 0,
  });
  const move = useMutation(
    queries.domains.migrate.mutationOptions({
      onSuccess: ({ id }) => {
        watchedMove.set(id);
        closeOverlay();
      },
    }),
  );
  if (domain === undefined) return null;
  const targets = asked.data?.filter(({ host }) => host !== domain.host) ?? [];
  const host = chosen ?? targets.find(({ possible }) => possible)?.host ?? '';
  const wish = (change: Partial<MoveWishes>) => setWishes({ ...wishes, ...change });
  const submit = () => {
    if (host !== '') move.mutate({ domain: uuid, host, ...optionsOf(wishes) });
  };
  return (
    <FormDialog title={`Move ${domain.name}`} act="Move" call={move} onSubmit={submit}>
      <Select
        label="To"
        options={targets.map(targetOption)}
        value={host}
        onChange={setChosen}
        {...(host === '' && !asked.isPending
          ? { description: 'No other host can take it now.' }
          : {})}
      />
      <Switch isSelected={wishes.autoConverge} onChange={(autoConverge) => wish({ autoConverge })}>
        Slow it down where it writes faster than the link carries
      </Switch>
      <Switch isSelected={wishes.limitsStop} onChange={(limitsStop) => wish({ limitsStop })}>
        Limit how long it may stand still
      </Switch>
      {wishes.limitsStop && (
        <>
          <NumberField
            label="Longest stop"
            unit="ms"
            isRequired
            minValue={1}
            maxValue={3_600_000}
            value={wishes.longestStopMs}
            onChange={(longestStopMs) => wish({ longestStopMs })}
            description="What cannot be done within it fails, and the domain stays where it is."
          />
          <Switch
            isSelected={wishes.allowsLonger}
            onChange={(allowsLonger) => wish({ allowsLonger })}
          >
            Move it all the same where that cannot be kept; it is said before
          </Switch>
        </>
      )}
      <Switch isSelected={wishes.limitsRate} onChange={(limitsRate) => wish({ limitsRate })}>
        Leave a part of the link to others
      </Switch>
      {wishes.limitsRate && (
        <NumberField
          label="Most it may take"
          unit="Mbit/s"
          isRequired
          minValue={0.008}
          maxValue={800_000}
          formatOptions={{ maximumFractionDigits: 3, useGrouping: false }}
          value={wishes.mostMbps}
          onChange={(mostMbps) => wish({ mostMbps })}
        />
      )}
    </FormDialog>
  );
}

function targetOption({ host, possible, reason, estimatedStopMs }: MigrationTarget) {
  return {
    id: host,
    label: host,
    detail: reason ?? `stops for about ${milliseconds(estimatedStopMs)}`,
    isDisabled: !possible,
  };
}
