/** What all parts of one drawing use. */
import type { IBuffer, Terminal } from '@xterm/headless';
import { Brush } from './brush.ts';
import { coreOf } from './internals.ts';
import type { Core, CoreBuffer } from './internals.ts';
import { LineReader } from './line-reader.ts';
import { Links } from './links.ts';

export interface Drawing {
  readonly terminal: Terminal;
  readonly core: Core;
  readonly brush: Brush;
  readonly reader: LineReader;
  readonly links: Links;
}

/** One of the two screens. */
export interface ScreenSource {
  readonly buffer: IBuffer;
  readonly state: CoreBuffer;
}

export function newDrawing(terminal: Terminal): Drawing {
  const core = coreOf(terminal);
  const links = new Links(core);
  const reader = new LineReader(terminal, links);
  return { terminal, core, links, reader, brush: new Brush(terminal.cols) };
}
