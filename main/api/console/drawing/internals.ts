/**
 * State of a terminal that its public interface does not show, and that a drawing of it needs.
 *
 * These are `@xterm/headless`'s own objects (its version is pinned); a part that is missing there is
 * an error at the first console, not a wrong screen some day.
 */
import type { IBufferCell, Terminal } from '@xterm/headless';

/** What a cell looks like, and what the pen would write next; both are of one class in xterm.js. */
export interface Attributes extends Omit<IBufferCell, 'getWidth' | 'getChars' | 'getCode'> {
  /** Colour and flags, packed. Bits that are not in use may differ. */
  readonly fg: number;
  readonly bg: number;
  /** Never changed, only replaced. Of another cell while `hasExtendedAttrs` is 0. */
  readonly extended: {
    /** SGR 4's: 1 single to 5 dashed. A link's is 5. */
    readonly underlineStyle: number;
    /** Colour mode and colour, packed; 0: the text's own. */
    readonly underlineColor: number;
    /** 0: none. */
    readonly urlId: number;
  };
  hasExtendedAttrs(): number;
  isProtected(): number;
  /** 0 for the line that a link has by itself. */
  getUnderlineStyle(): number;
}

/** From a letter to what is printed for it; absent: ASCII. */
export type Charset = Readonly<Record<string, string>> | undefined;

export interface CoreBuffer {
  /** `columns`: the cursor waits behind the last column. More, with marks that have no letter. */
  readonly x: number;
  /** Row of the screen. */
  readonly y: number;
  /** Index of the screen's first line. */
  readonly ybase: number;
  /** Scroll region: its first and last row. */
  readonly scrollTop: number;
  readonly scrollBottom: number;
  readonly savedX: number;
  /** Index of a line. */
  readonly savedY: number;
  /** Only `fg` and `bg` were saved. */
  readonly savedCurAttrData: Attributes;
  readonly savedCharset: Charset;
  readonly tabs: Readonly<Record<number, boolean | undefined>>;
}

export interface Core {
  readonly _bufferService: { readonly buffers: { normal: CoreBuffer; alt: CoreBuffer } };
  readonly coreService: {
    readonly isCursorHidden: boolean;
    readonly decPrivateModes: {
      readonly cursorStyle: 'block' | 'underline' | 'bar' | undefined;
      readonly cursorBlink: boolean | undefined;
    };
  };
  readonly coreMouseService: { readonly activeEncoding: string };
  readonly _charsetService: {
    /** The one in use: mostly that of slot `glevel`. */
    readonly charset: Charset;
    readonly glevel: number;
    readonly _charsets: readonly Charset[];
  };
  readonly _inputHandler: {
    readonly _curAttrData: Attributes;
    /** Of the last character, while nothing but marks can have come since; else 0. */
    readonly _parser: { readonly precedingJoinState: number };
  };
  readonly _oscLinkService: {
    getLinkData(urlId: number): { readonly id?: string; readonly uri: string } | undefined;
  };
  readonly unicodeService: { wcwidth(codePoint: number): number };
}

export function coreOf(terminal: Terminal): Core {
  const core = (terminal as unknown as { _core?: Partial<Core> })._core;
  const buffer = core?._bufferService?.buffers.normal;
  if (
    ![buffer?.x, buffer?.scrollTop, buffer?.savedY, buffer?.savedCurAttrData.fg].every(isNumber) ||
    typeof buffer?.tabs !== 'object' ||
    typeof core?.coreService?.isCursorHidden !== 'boolean' ||
    typeof core.coreService.decPrivateModes !== 'object' ||
    typeof core.coreMouseService?.activeEncoding !== 'string' ||
    !Array.isArray(core._charsetService?._charsets) ||
    !isAttributes(core._inputHandler?._curAttrData) ||
    !isAttributes(terminal.buffer.normal.getNullCell()) ||
    !isNumber(core._inputHandler?._parser.precedingJoinState) ||
    typeof core._oscLinkService?.getLinkData !== 'function' ||
    typeof core.unicodeService?.wcwidth !== 'function'
  ) {
    throw new Error('this build of @xterm/headless keeps its state elsewhere: adapt internals.ts');
  }
  return core as Core;
}

function isAttributes(value: unknown): boolean {
  const attributes = value as Partial<Attributes> | undefined;
  return (
    isNumber(attributes?.fg) &&
    isNumber(attributes.bg) &&
    isNumber(attributes.extended?.underlineColor) &&
    typeof attributes.isProtected === 'function'
  );
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}
