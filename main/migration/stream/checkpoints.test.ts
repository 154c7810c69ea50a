import { describe, expect, it } from 'vitest';
import { DomusError } from '../../../shared/errors.ts';
import { BLKIF_RING_ENTRY_BYTES } from '../../hypervisor/index.ts';
import { CONFIG, forgeStream, jsonPayload, words } from '../testing/forged-stream.ts';
import { ReceivedDomain } from '../testing/received-domain.ts';
import { StreamReader } from './reader.ts';
import { verifyStream } from './restore.ts';
import { Feature, PAGE_BYTES, PageKind, RecordType } from './stream.abi.ts';
import { StreamWriter } from './writer.ts';

const PAGES = 4;

/** What a handler has at each checkpoint. */
class Checkpointed extends ReceivedDomain {
  readonly states: { state: unknown; beside: unknown; firstBytes: number[] }[] = [];

  checkpoint(beside: unknown): void {
    const firstBytes = Array.from({ length: PAGES }, (_, gfn) => this.ram[gfn * PAGE_BYTES]!);
    this.states.push({ state: this.state, beside, firstBytes });
  }
}

/** Three states, of which each writes one page more. */
function written(): { chunks: Uint8Array[]; ends: number[] } {
  const chunks: Uint8Array[] = [];
  const ends: number[] = [];
  const writer = new StreamWriter((chunk) => chunks.push(Uint8Array.from(chunk)), {
    checkpoints: true,
  });
  const ram = new Uint8Array(PAGES * PAGE_BYTES);
  writer.config({ ...CONFIG, memory: { pages: PAGES } });
  writer.addEmptyPages(PageKind.zero, 0, PAGES);
  writer.engineState('cpu', Uint8Array.of(1));
  for (let turn = 1; turn <= 3; turn++) {
    ram[turn * PAGE_BYTES] = turn;
    writer.addPages(ram, turn, 1);
    writer.domainState({ turn });
    writer.xenstore(Buffer.from(`{"turn":${turn}}`));
    writer.checkpoint({ at: turn });
    ends.push(writer.bytes);
  }
  return { chunks, ends };
}

describe('a stream of checkpoints', () => {
  it('has a whole state at each, made of all that came before', () => {
    const received = new Checkpointed();
    const reader = new StreamReader(received);
    for (const chunk of written().chunks) reader.push(chunk);
    expect(received.states).toEqual([
      { state: { turn: 1 }, beside: { at: 1 }, firstBytes: [0, 1, 0, 0] },
      { state: { turn: 2 }, beside: { at: 2 }, firstBytes: [0, 1, 2, 0] },
      { state: { turn: 3 }, beside: { at: 3 }, firstBytes: [0, 1, 2, 3] },
    ]);
    expect(() => reader.finish()).toThrow(/without its end record/);
  });

  it('tells of a checkpoint only when its last byte is there', () => {
    const { chunks, ends } = written();
    const stream = Buffer.concat(chunks);
    for (const [index, end] of ends.entries()) {
      const received = new Checkpointed();
      const reader = new StreamReader(received);
      reader.push(stream.subarray(0, end - 1));
      expect(received.states.length).toBe(index);
      reader.push(stream.subarray(end - 1, end));
      expect(received.states.length).toBe(index + 1);
    }
  });

  it('has room beside it for all that 16 disks with the largest rings may have under way', () => {
    const entries = Buffer.alloc(16 * 32 * BLKIF_RING_ENTRY_BYTES, 0xfe);
    const disk = { ringRefs: [], port: 1, requests: entries.toString('base64') };
    const beside = { disks: Array.from({ length: 16 }, () => disk) };
    const received = new Checkpointed();
    const reader = new StreamReader(received);
    const writer = new StreamWriter((chunk) => reader.push(Uint8Array.from(chunk)), {
      checkpoints: true,
    });
    writer.config({ ...CONFIG, memory: { pages: PAGES } });
    writer.addEmptyPages(PageKind.zero, 0, PAGES);
    writer.engineState('cpu', Uint8Array.of(1));
    writer.domainState({});
    writer.xenstore(Buffer.from('{}'));
    writer.checkpoint(beside);
    expect(received.states[0]!.beside).toEqual(beside);
  });

  it('shows no checkpoint behind a bit that flipped', () => {
    const { chunks, ends } = written();
    const stream = Buffer.concat(chunks);
    // Every byte of the second checkpoint, and of what it is made of.
    for (let at = ends[0]!; at < ends[1]!; at += 7) {
      const damaged = Buffer.from(stream);
      damaged[at] = damaged[at]! ^ (1 << (at % 8));
      const received = new Checkpointed();
      const reader = new StreamReader(received);
      let verdict: unknown = null;
      try {
        reader.push(damaged);
      } catch (error) {
        verdict = error;
      }
      // One whose length grew waits for the rest.
      if (verdict !== null) expect(verdict).toBeInstanceOf(DomusError);
      expect(received.states.length, `byte ${at}`).toBe(1);
    }
  });

  it('is refused by who expects none, and where nothing says that there are some', () => {
    expect(() => verifyStream(Buffer.concat(written().chunks))).toThrow(/none is expected/);
    const checkpoint = {
      type: RecordType.checkpoint,
      payload: words(...Array<number>(12).fill(0)),
    };
    const config = { type: RecordType.config, payload: jsonPayload(CONFIG) };
    for (const requiredFeatures of [0, Feature.live]) {
      const forged = forgeStream([config, checkpoint], { requiredFeatures });
      const reader = new StreamReader(new Checkpointed());
      expect(() => reader.push(forged)).toThrow(/none is expected/);
    }
  });

  it('is refused when a checkpoint is not whole, or its totals are another’s', () => {
    const config = { type: RecordType.config, payload: jsonPayload(CONFIG) };
    const checkpoint = {
      type: RecordType.checkpoint,
      payload: words(...Array<number>(12).fill(0)),
    };
    const pages = {
      type: RecordType.pages,
      payload: words(0, 1, 0, CONFIG.memory.pages),
    };
    const section = {
      type: RecordType.engineState,
      payload: Buffer.concat([words(3, 8, 0, 0), Buffer.from('cpu'.padEnd(8, '\0'))]),
    };
    const state = { type: RecordType.domainState, payload: jsonPayload({}) };
    const verdict = (...records: Parameters<typeof forgeStream>[0]) => {
      const reader = new StreamReader(new Checkpointed());
      return () => reader.push(forgeStream(records, { requiredFeatures: Feature.checkpoints | 1 }));
    };
    expect(verdict(config, checkpoint)).toThrow(/ends without/);
    expect(verdict(config, pages, section, checkpoint)).toThrow(/ends without the domain state/);
    expect(verdict(config, pages, section, state, checkpoint)).toThrow(/totals do not fit/);
  });
});
