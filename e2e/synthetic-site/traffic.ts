/** Rates of disks and interfaces that look like work: quiet, with bursts now and then. */
import type { DiskSample, Domain, InterfaceSample } from '../../shared/contract/index.ts';

interface Flow {
  phase: number;
  readonly most: number;
}

interface Totals {
  sentFrames: number;
  sentBytes: number;
  receivedFrames: number;
  receivedBytes: number;
}

const FRAME_BYTES = 900;
const BLOCK_BYTES = 16_384;

/** Has no part in the site's generator: its figures stay what they were without devices. */
export class Traffic {
  readonly #flows = new Map<string, Flow>();
  readonly #totals = new Map<string, Totals>();

  disks(domain: Domain): DiskSample[] {
    return domain.disks.map(({ name, readOnly }, place) => {
      const reading = this.#rate(domain, `r${name}`, place, 9e6);
      const writing = readOnly ? 0 : this.#rate(domain, `w${name}`, place + 1, 4e6);
      return {
        name,
        readBytesPerSecond: reading,
        writtenBytesPerSecond: writing,
        readsPerSecond: Math.round(reading / BLOCK_BYTES),
        writesPerSecond: Math.round(writing / BLOCK_BYTES),
      };
    });
  }

  interfaces(domain: Domain): InterfaceSample[] {
    return domain.interfaces.map(({ handle, linkUp, sendLimitBytesPerSecond }) => {
      const most = linkUp ? 6e6 : 0;
      const sent = Math.min(
        this.#rate(domain, `s${handle}`, handle, most),
        sendLimitBytesPerSecond ?? Infinity,
      );
      const received = this.#rate(domain, `g${handle}`, handle + 1, most / 2);
      this.#count(domain.uuid, handle, sent, received);
      return {
        handle,
        sentBytesPerSecond: sent,
        receivedBytesPerSecond: received,
        sentFramesPerSecond: Math.ceil(sent / FRAME_BYTES),
        receivedFramesPerSecond: Math.ceil(received / FRAME_BYTES),
      };
    });
  }

  counters(uuid: string, handle: number): Totals {
    const none = { sentFrames: 0, sentBytes: 0, receivedFrames: 0, receivedBytes: 0 };
    return this.#totals.get(`${uuid}${handle}`) ?? none;
  }

  #rate(domain: Domain, name: string, place: number, most: number): number {
    if (domain.state !== 'running') return 0;
    const key = `${domain.uuid}${name}`;
    let flow = this.#flows.get(key);
    if (flow === undefined) {
      // A level of its own, from its name; a third of the flows are idle.
      const seed = Number.parseInt(domain.uuid.slice(0, 6), 16) + 7919 * (place + name.length);
      flow = { phase: seed % 628, most: seed % 4 === 0 ? 0 : ((seed % 97) / 97) ** 2 };
      this.#flows.set(key, flow);
    }
    flow.phase += 1;
    const wave = Math.max(0, Math.sin(flow.phase / 5) + Math.sin(flow.phase / 1.7) * 0.5);
    return Math.round(flow.most * most * wave);
  }

  #count(uuid: string, handle: number, sent: number, received: number): void {
    const before = this.counters(uuid, handle);
    this.#totals.set(`${uuid}${handle}`, {
      sentFrames: before.sentFrames + Math.ceil(sent / FRAME_BYTES),
      sentBytes: before.sentBytes + sent,
      receivedFrames: before.receivedFrames + Math.ceil(received / FRAME_BYTES),
      receivedBytes: before.receivedBytes + received,
    });
  }
}
