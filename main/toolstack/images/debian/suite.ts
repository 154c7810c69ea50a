/** A suite of Debian's archive that images are made from. */
export interface Suite {
  readonly name: string;
  /** Which of the two archives holds it. */
  readonly archive: 'main' | 'security';
  /** Without it there is no image; another suite that fails is left out, and said so. */
  readonly required: boolean;
}

export const suites: readonly Suite[] = [
  { name: 'bookworm', archive: 'main', required: true },
  { name: 'bookworm-security', archive: 'security', required: false },
];

export const component = 'main';
export const architecture = 'i386';

/** The roots of Debian's archives, without a slash at the end. */
export interface Mirror {
  readonly main: string;
  readonly security: string;
}

export const publicMirror: Mirror = {
  main: 'https://deb.debian.org/debian',
  security: 'https://deb.debian.org/debian-security',
};

/**
 * A mirror from its setting: the address of the main archive; the security archive is taken to lie
 * beside it, as on Debian's own mirrors. Undefined when it is no http(s) address.
 */
export function parseMirror(address: string): Mirror | undefined {
  const url = URL.parse(address);
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    return undefined;
  }
  const main = url.href.replace(/\/+$/, '');
  return { main, security: `${main}-security` };
}

export function rootOf(mirror: Mirror, suite: Suite): string {
  return mirror[suite.archive];
}
