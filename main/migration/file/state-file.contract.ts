/** What an I/O worker is asked about files that hold a domain's stream. */
import type { MessagePort } from 'node:worker_threads';

/** Descriptors are the asking side's, and are used no more once a call has answered. */
export type StateFileCalls = {
  /**
   * Writes what comes through `link` to a file, from its beginning on. Answers when the sender has
   * closed and all of it is written; it is not stable yet. @throws DomusError `storage.*`, and what
   * the sender aborts with
   */
  'state.write': {
    params: {
      fd: number;
      /** Names it to a person, in errors. */
      label: string;
      link: MessagePort;
      /** Of the domain's thread at the other end. */
      doorbell: SharedArrayBuffer;
    };
    result: { bytes: number };
  };
  /** Checks a whole stream and keeps nothing of it. @throws DomusError `stream.…`, `state.damaged` */
  'state.verify': { params: { fd: number; label: string; bytes: number }; result: void };
  /** Sends the first `bytes` of a file. Answers when the last is on its way. */
  'state.read': {
    params: {
      fd: number;
      label: string;
      bytes: number;
      link: MessagePort;
      doorbell: SharedArrayBuffer;
    };
    result: void;
  };
};
