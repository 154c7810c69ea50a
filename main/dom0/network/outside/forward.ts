import { DomusError } from '../../../../shared/errors.ts';

/** A port of the machine that leads to a guest: `127.0.0.1:2222 → web1:22`. */
export interface Forward {
  /** The port that the system gave. */
  readonly port: number;
  /** Stops listening and ends what is open. */
  close(): Promise<void>;
}

/** Forwards are for who is at the machine. */
export const LOOPBACK = '127.0.0.1';
/** RFC 6335: ports for temporary use; at the gateway, so many for each of its forwards' clients. */
export const EPHEMERAL = { first: 49_152, count: 16_384 };

export function listenError(
  protocol: 'tcp' | 'udp',
  port: number,
  cause: NodeJS.ErrnoException,
): DomusError {
  const isTaken = cause.code === 'EADDRINUSE';
  const code = isTaken ? 'network.port-in-use' : 'network.port-refused';
  const name = `${protocol.toUpperCase()} port ${port} of this machine`;
  const what = isTaken
    ? `${name} is in use; choose another for the forward`
    : `${name} cannot be listened on: ${cause.message}`;
  return new DomusError(code, what, { data: { port }, cause });
}
