/** The wires between hosts, and between each host and the gateways: part of what both are asked. */

/** Two frame rings (`shared/ring/frame-ring.ts`), made by the toolstack: one for each direction. */
export interface LinkWire {
  sent: SharedArrayBuffer;
  received: SharedArrayBuffer;
}

export type LinkCalls = {
  /**
   * Connects a wire to another host, or to the gateways (`peer` is then null). Frames of every
   * network cross it. It replaces one to the same peer.
   */
  'link.join': { params: { peer: string | null; wire: LinkWire }; result: void };
  /** The peer is gone. Nothing where there is no such wire. */
  'link.leave': { params: { peer: string | null }; result: void };
};
