/** The cable of plain v86's virtio network card: rings of frames, as a domain's interface has them. */
import { setImmediate } from 'node:timers/promises';
import { FrameConsumer, FrameProducer } from '../../../shared/ring/frame-ring.ts';
import type { PeerCable } from './plain-v86.contract.ts';

/** What of the emulator a network card is reached through. */
export interface CardBus {
  bus: { send(event: 'net0-receive', frame: Uint8Array): void };
  add_listener(event: 'net0-send', listener: (frame: Uint8Array) => void): void;
}

/**
 * Frames at once, before the guest has its turn: the card drops what its guest has put up no buffer
 * for, and says so on the console, and Linux puts up hundreds.
 */
const TURN_FRAMES = 64;
/** The card asks for no offload. */
const WHOLE = { checksumPartial: false, segmentBytes: 0 };

/** Carries frames both ways for as long as the thread lives. */
export function plugIn({ sent, received }: PeerCable, emulator: CardBus): void {
  const out = new FrameProducer(sent);
  emulator.add_listener('net0-send', (frame) => {
    // A full ring is a full queue: the frame is dropped, as a switch would.
    out.write(frame.length, WHOLE, (target) => target.set(frame));
  });
  void carry(new FrameConsumer(received), emulator);
}

async function carry(into: FrameConsumer, { bus }: CardBus): Promise<void> {
  for (;;) {
    await into.readableOrNudged();
    for (let frames = 0; frames < TURN_FRAMES; frames++) {
      const isRead = into.read((frame) => {
        bus.send('net0-receive', frame.slice());
        return true;
      });
      if (!isRead) break;
    }
    await setImmediate();
  }
}
