/** How cells look, as parameters of SGR (select graphic rendition; xterm's control sequences). */
import type { Attributes } from './internals.ts';
import type { Links } from './links.ts';

export interface Style {
  /** To be set after a reset. Empty: nothing but the terminal's own. */
  readonly sgr: string;
  /** The part of `sgr` that an erased cell keeps. */
  readonly background: string;
  /** More than its background would be seen of a cell without a character. */
  readonly marksBlanks: boolean;
  /** Selective erasing leaves it (DECSCA). */
  readonly isProtected: boolean;
  /** What opens its link (OSC 8); empty: none. */
  readonly link: string;
}

export const PLAIN: Style = {
  sgr: '',
  background: '',
  marksBlanks: false,
  isProtected: false,
  link: '',
};

/** Colour modes of xterm.js, in bits 24 and 25 above the colour. */
const MODE_MASK = 0x3000000;
const PALETTE_16 = 0x1000000;
const RGB = 0x3000000;

export function styleOf(attributes: Attributes, links: Links): Style {
  const extended = attributes.hasExtendedAttrs() ? attributes.extended : null;
  const link = extended ? links.opening(extended.urlId) : '';
  const ground = background(attributes);
  const underline = underlineParameter(attributes, link !== '');
  const sgr = [
    flagParameters(attributes),
    underline,
    foreground(attributes),
    ground,
    underline === '' ? '' : underlineColour(extended),
  ];
  const lines = attributes.isOverline() | attributes.isStrikethrough();
  return {
    sgr: joined(sgr),
    background: ground,
    marksBlanks: link !== '' || underline !== '' || (lines | attributes.isInverse()) !== 0,
    isProtected: attributes.isProtected() !== 0,
    link,
  };
}

/** Of a cell that was erased in this background. */
export function erasedIn(background: string): Style {
  return background === '' ? PLAIN : { ...PLAIN, sgr: background, background };
}

/** The pen holds a colour for underlines that are to come, which SGR 4 alone would not bring back. */
export function penStyle(pen: Attributes, links: Links): Style {
  const style = styleOf(pen, links);
  if (pen.isUnderline()) return style;
  return { ...style, sgr: joined([style.sgr, underlineColour(pen.extended)]) };
}

export function isSame(one: Style, other: Style): boolean {
  return one.sgr === other.sgr && one.link === other.link && one.isProtected === other.isProtected;
}

function joined(parameters: string[]): string {
  return parameters.filter((part) => part !== '').join(';');
}

function flagParameters(attributes: Attributes): string {
  let sgr = '';
  if (attributes.isBold()) sgr += ';1';
  if (attributes.isDim()) sgr += ';2';
  if (attributes.isItalic()) sgr += ';3';
  if (attributes.isBlink()) sgr += ';5';
  if (attributes.isInverse()) sgr += ';7';
  if (attributes.isInvisible()) sgr += ';8';
  if (attributes.isStrikethrough()) sgr += ';9';
  if (attributes.isOverline()) sgr += ';53';
  return sgr.slice(1);
}

function foreground(attributes: Attributes): string {
  return colourParameter(attributes.getFgColorMode() | attributes.getFgColor(), 30);
}

function background(attributes: Attributes): string {
  return colourParameter(attributes.getBgColorMode() | attributes.getBgColor(), 40);
}

/** A link has a line of its own: what is left of it without the link. */
function underlineParameter(attributes: Attributes, hasLink: boolean): string {
  if (!attributes.isUnderline()) return '';
  const style = attributes.hasExtendedAttrs() ? attributes.extended.underlineStyle : 1;
  if (hasLink) return attributes.getUnderlineStyle() === 0 ? '' : '4';
  return style > 1 ? `4:${style}` : '4';
}

/** With colons, so that who does not know it takes none of its numbers for something else. */
function underlineColour(extended: Attributes['extended'] | null): string {
  const packed = extended?.underlineColor ?? 0;
  const mode = packed & MODE_MASK;
  if (mode === 0) return '';
  if (mode !== RGB) return `58:5:${packed & 255}`;
  return `58:2::${(packed >> 16) & 255}:${(packed >> 8) & 255}:${packed & 255}`;
}

/** `base`: 30 for what is written, 40 for the background. */
function colourParameter(packed: number, base: 30 | 40): string {
  if (packed === -1) return '';
  const mode = packed & MODE_MASK;
  if (mode === RGB) {
    return `${base + 8};2;${(packed >> 16) & 255};${(packed >> 8) & 255};${packed & 255}`;
  }
  const index = packed & 255;
  if (mode !== PALETTE_16) return `${base + 8};5;${index}`;
  return String(index < 8 ? base + index : base + 60 + index - 8);
}
