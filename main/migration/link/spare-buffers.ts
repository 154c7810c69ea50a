/** Buffers of chunks that came back with their credit: a new one's page faults cost most. */
export class SpareBuffers {
  private readonly spare: ArrayBuffer[] = [];

  /** One of that size, if possible one that came back. */
  take(bytes: number): Uint8Array<ArrayBuffer> {
    const buffer = this.spare.pop();
    return new Uint8Array(buffer?.byteLength === bytes ? buffer : new ArrayBuffer(bytes));
  }

  giveBack(buffer: ArrayBuffer): void {
    this.spare.push(buffer);
  }
}
