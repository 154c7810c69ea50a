import { type KeyboardEvent, useId, useMemo, useRef, useState } from 'react';
import type { Domain } from '../../shared/contract/schemas.ts';
import { memoryOf, mib } from '../design/format.ts';
import { useSampledMemoryKiB } from '../site/queries.ts';
import { useSite } from '../site/site.ts';
import { useValue } from '../state/value.ts';
import styles from './memory-control.module.css';
import { memoryBounds, type MemoryBounds } from './memory-bounds.ts';
import { MemoryNumber } from './memory-number.tsx';
import { Refusal } from './refusal.tsx';
import { TargetSender } from './target-sender.ts';

const KIB_PER_MIB = 1024;

interface Props {
  readonly domain: Domain;
  /** `row`: one line of a list. `page`: with its least and most written beside it. */
  readonly place: 'row' | 'page';
  readonly tabIndex?: number;
}

/**
 * A domain's memory as one control: the thumb is what was asked, the bar what the guest has, the
 * ends are the least and the most. The thumb moves the target while it is dragged; the bar
 * follows as the guest gives pages back or takes them.
 */
export function MemoryControl({ domain, place, tabIndex = 0 }: Props) {
  const { transport } = useSite();
  const { uuid } = domain;
  const sender = useMemo(
    () =>
      new TargetSender((memoryMiB) => transport.api.domains.setMemory({ domain: uuid, memoryMiB })),
    [transport, uuid],
  );
  const { askedMiB, refusal } = useValue(sender.state);
  const bounds = memoryBounds(domain);
  const targetMiB = askedMiB ?? Math.round(domain.memory.targetKiB / KIB_PER_MIB);
  const slider = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState<string | null>(null);
  const takeBack = useTakeBack(sender, targetMiB);
  const actualKiB = useActualKiB(domain);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') takeBack.escape(event);
    else if (/^[0-9]$/.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      setTyped(event.key);
    }
  };
  const finishTyping = (value: number | null) => {
    setTyped(null);
    slider.current?.focus();
    if (value !== null) sender.ask(value);
  };
  const describedBy = useId();
  return (
    <div className={styles.control} data-place={place} ref={takeBack.area}>
      {place === 'page' && <span className={styles.end}>{bounds.leastMiB} MiB least</span>}
      {/* A drag that starts on the slider must not drag the row. */}
      <div className={styles.track} draggable onDragStart={preventDrag}>
        <input
          ref={slider}
          type="range"
          tabIndex={tabIndex}
          className={styles.slider}
          data-empty={actualKiB === 0}
          style={{ '--actual': share(bounds, actualKiB) } as object}
          aria-label={`Memory of ${domain.name}`}
          aria-valuetext={`${targetMiB} MiB asked`}
          aria-describedby={describedBy}
          min={bounds.leastMiB}
          max={bounds.mostMiB}
          step={bounds.stepMiB}
          value={targetMiB}
          onFocus={takeBack.begin}
          onPointerDown={takeBack.begin}
          onBlur={() => sender.dismiss()}
          onChange={(event) => sender.ask(event.target.valueAsNumber)}
          onKeyDown={onKeyDown}
        />
      </div>
      {place === 'page' && <span className={styles.end}>{bounds.mostMiB} MiB most</span>}
      {typed === null ? (
        <Figures
          domain={domain}
          actualKiB={actualKiB}
          targetMiB={targetMiB}
          id={describedBy}
          onEdit={() => setTyped(String(targetMiB))}
        />
      ) : (
        <MemoryNumber initial={typed} bounds={bounds} onDone={finishTyping} />
      )}
      <Refusal refusal={refusal} anchor={takeBack.area} onDismiss={() => sender.dismiss()} />
    </div>
  );
}

/** Escape goes back to what was asked when the control got the focus, as long as it differs. */
function useTakeBack(sender: TargetSender, targetMiB: number) {
  const before = useRef<number | null>(null);
  const area = useRef<HTMLDivElement>(null);
  return {
    area,
    begin: () => {
      before.current = targetMiB;
    },
    escape: (event: KeyboardEvent) => {
      sender.dismiss();
      if (before.current === null || before.current === targetMiB) return;
      event.stopPropagation();
      sender.ask(before.current);
    },
  };
}

/** How far along the track, from 0 to 1. */
function share({ leastMiB, mostMiB }: MemoryBounds, kib: number): number {
  const value = (kib / KIB_PER_MIB - leastMiB) / (mostMiB - leastMiB || 1);
  return Math.round(1000 * Math.min(1, Math.max(0, value))) / 1000;
}

interface FiguresProps {
  readonly domain: Domain;
  readonly actualKiB: number;
  readonly targetMiB: number;
  readonly id: string;
  readonly onEdit: () => void;
}

/** `96 of 128 MiB`, and where the balloon is still going. A click makes it a field. */
function Figures({ domain, actualKiB, targetMiB, id, onEdit }: FiguresProps) {
  const isMoving = domain.domid !== null && mib(actualKiB) !== String(targetMiB);
  return (
    <button type="button" tabIndex={-1} className={styles.figures} id={id} onClick={onEdit}>
      {memoryOf(
        domain.domid === null ? targetMiB * KIB_PER_MIB : actualKiB,
        domain.memory.maximumKiB,
      )}
      {isMoving && <span className={styles.going}> → {targetMiB}</span>}
    </button>
  );
}

function useActualKiB(domain: Domain): number {
  const sampledKiB = useSampledMemoryKiB(domain.uuid);
  return domain.domid === null ? 0 : (sampledKiB ?? domain.memory.actualKiB);
}

function preventDrag(event: React.DragEvent): void {
  event.preventDefault();
  event.stopPropagation();
}
