import { type RefObject, useLayoutEffect } from 'react';
import { bandwidth } from '../design/format.ts';
import { useSite } from '../site/site.ts';
import type { Statistics } from '../site/statistics.ts';
import { lineWidth, type MapLayout } from './map-layout.ts';

/** How far dashes move in a second in which something ran. */
const STEP_PX = 5;
/** Of dashes and gaps together: further is the same picture. */
const PERIOD_PX = 10;

/** Writes each second's traffic to the lines of the map: only to those that look different now. */
export function useMapTraffic(place: RefObject<HTMLElement | null>, layout: MapLayout): void {
  const { statistics } = useSite();
  useLayoutEffect(() => {
    if (place.current === null) return;
    const traffic = new MapTraffic(place.current, layout);
    traffic.write(statistics);
    return statistics.subscribe(() => traffic.write(statistics));
  }, [place, layout, statistics]);
}

class MapTraffic {
  private readonly layout: MapLayout;
  private readonly lanes: ReadonlyMap<string, SVGElement>;
  private readonly rails: ReadonlyMap<string, SVGElement>;
  private readonly rates: ReadonlyMap<string, HTMLElement>;

  constructor(place: HTMLElement, layout: MapLayout) {
    this.layout = layout;
    this.lanes = byKey<SVGElement>(place, 'lane');
    this.rails = byKey<SVGElement>(place, 'rail');
    this.rates = byKey<HTMLElement>(place, 'rate');
  }

  write(statistics: Statistics): void {
    for (const host of this.layout.hosts) {
      const sums = new Map<string, number>();
      for (const { guest, lanes } of host.guests) {
        if (lanes.length === 0) continue;
        const samples = statistics.domain(guest.uuid).latest?.interfaces;
        for (const { handle, network } of lanes) {
          const sample = samples?.find((one) => one.handle === handle);
          const sent = sample?.sentBytesPerSecond ?? 0;
          const received = sample?.receivedBytesPerSecond ?? 0;
          sums.set(network, (sums.get(network) ?? 0) + sent + received);
          this.writeLane(`${guest.uuid} ${handle}`, sent, received, sample !== undefined);
        }
      }
      for (const { network } of host.rails) {
        const rail = this.rails.get(`${host.name} ${network}`);
        if (rail !== undefined) setWidth(rail, sums.get(network) ?? 0);
      }
    }
  }

  private writeLane(key: string, sent: number, received: number, isKnown: boolean): void {
    const lane = this.lanes.get(key);
    if (lane !== undefined) {
      setWidth(lane, sent + received);
      // Lines begin at the rail: a lower offset moves their dashes away from it, to the guest.
      if (sent + received >= 100) moveDashes(lane, sent > received ? STEP_PX : -STEP_PX);
    }
    const rate = this.rates.get(key);
    const text = isKnown && sent + received > 0 ? bandwidth(sent + received) : '';
    if (rate !== undefined && rate.textContent !== text) rate.textContent = text;
  }
}

function setWidth(line: SVGElement, bytesPerSecond: number): void {
  const width = String(lineWidth(bytesPerSecond));
  if (line.dataset.width === width) return;
  line.dataset.width = width;
  line.dataset.busy = String(width !== '1');
  line.style.strokeWidth = `${width}px`;
}

function moveDashes(line: SVGElement, px: number): void {
  const offset = (Number(line.dataset.offset ?? 0) + px) % PERIOD_PX;
  line.dataset.offset = String(offset);
  line.style.strokeDashoffset = `${offset}px`;
}

function byKey<T extends HTMLElement | SVGElement>(place: HTMLElement, name: string) {
  const elements = place.querySelectorAll<T>(`[data-${name}]`);
  return new Map([...elements].map((element) => [element.dataset[name] ?? '', element]));
}
