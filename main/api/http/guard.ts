/**
 * Who may talk to the server. It listens on the loopback address, which keeps other machines out
 * but not other programs, other users, nor the pages of any site in this user's browser. Against:
 *
 *  - other users and programs: a token, compared in constant time;
 *  - a foreign page's requests and WebSockets: `Origin` must be our own where a browser sends it;
 *  - DNS rebinding (a foreign name that resolves to 127.0.0.1): `Host` must name the loopback.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** A WebSocket cannot send `Authorization` from a browser: its token is a subprotocol. */
export const SUBPROTOCOL = 'domus';
const TOKEN_PREFIX = 'token.';

export interface Refusal {
  status: 401 | 403 | 421;
  code: string;
  message: string;
}

/** 256 random bits in characters that a URL fragment and a subprotocol can both carry. */
export function createToken(): string {
  return randomBytes(32).toString('base64url');
}

export class Guard {
  private readonly tokenDigest: Buffer;
  private readonly hosts: ReadonlySet<string>;
  private readonly origins: ReadonlySet<string>;

  constructor(token: string, port: number) {
    this.tokenDigest = digest(token);
    this.hosts = new Set(['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${port}`));
    this.origins = new Set([...this.hosts].map((host) => `http://${host}`));
  }

  /** For every request, pages too: is it meant for us, and from no foreign page? */
  checkSource(request: IncomingMessage): Refusal | null {
    const { host, origin } = request.headers;
    if (host === undefined || !this.hosts.has(host.toLowerCase())) {
      return {
        status: 421,
        code: 'http.wrong-host',
        message: 'This server answers only to 127.0.0.1 and localhost, by these names.',
      };
    }
    if (origin !== undefined && !this.origins.has(origin.toLowerCase())) {
      return {
        status: 403,
        code: 'http.foreign-origin',
        message: 'A page of another site cannot use this server.',
      };
    }
    return null;
  }

  /** For HTTP calls: `Authorization: Bearer TOKEN`. */
  checkBearer(request: IncomingMessage): Refusal | null {
    const [scheme, token] = (request.headers.authorization ?? '').split(' ');
    return scheme?.toLowerCase() === 'bearer' && this.accepts(token) ? null : noToken;
  }

  /** For WebSockets: subprotocols `domus` and `token.TOKEN`. */
  checkSubprotocols(request: IncomingMessage): Refusal | null {
    const offered = (request.headers['sec-websocket-protocol'] ?? '')
      .split(',')
      .map((name) => name.trim());
    const token = offered.find((name) => name.startsWith(TOKEN_PREFIX));
    const ours = offered.includes(SUBPROTOCOL);
    return ours && this.accepts(token?.slice(TOKEN_PREFIX.length)) ? null : noToken;
  }

  /** Digests have one length, so that the comparison's time tells nothing of the token. */
  private accepts(token: string | undefined): boolean {
    return token !== undefined && timingSafeEqual(digest(token), this.tokenDigest);
  }
}

const noToken: Refusal = {
  status: 401,
  code: 'http.no-token',
  message: 'The token is missing or wrong. Open the address that `domus serve` printed.',
};

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
