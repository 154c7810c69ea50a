/**
 * Stands in for Electron's `MessageChannelMain`: copied messages, kept until `start`, an event
 * object with `data`, and `close` when the other end is gone. The page's end is a Node port, which
 * has the interface that pages know.
 */
import { EventEmitter } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';

export class StandInPortMain extends EventEmitter {
  readonly port: MessagePort;

  constructor(port: MessagePort) {
    super();
    this.port = port;
  }

  start(): void {
    this.port.on('message', (data: unknown) => this.emit('message', { data, ports: [] }));
    this.port.on('close', () => this.emit('close'));
  }

  postMessage(message: unknown): void {
    if (hasSharedMemory(message)) throw new Error('An object could not be cloned.');
    this.port.postMessage(message);
  }

  close(): void {
    this.port.close();
  }
}

export class MessageChannelMain {
  readonly port1: StandInPortMain;
  readonly port2: StandInPortMain;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.port1 = new StandInPortMain(port1);
    this.port2 = new StandInPortMain(port2);
  }
}

function hasSharedMemory(message: unknown): boolean {
  const buffer = ArrayBuffer.isView(message) ? message.buffer : message;
  return buffer instanceof SharedArrayBuffer;
}
