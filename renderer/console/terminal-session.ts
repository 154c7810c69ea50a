import { FitAddon } from '@xterm/addon-fit';
import { type ISearchOptions, SearchAddon } from '@xterm/addon-search';
import { Unicode11Addon } from '@xterm/addon-unicode11';
import { WebLinksAddon } from '@xterm/addon-web-links';
import { WebglAddon } from '@xterm/addon-webgl';
import { Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import { boundTerminal } from '../../shared/bounded-terminal.ts';
import { isLeaveConsoleKey } from '../app/shortcuts.ts';
import { Value } from '../state/value.ts';
import type { Transport } from '../transport/transport.ts';
import { ConsoleLink, type Size } from './console-link.ts';
import { terminalTheme } from './terminal-theme.ts';

const SCROLLBACK_LINES = 10_000;
const SEARCH: ISearchOptions = {
  decorations: {
    matchBackground: '#4a3d14',
    matchOverviewRuler: '#f0c063',
    activeMatchBackground: '#f0c063',
    activeMatchColorOverviewRuler: '#ffffff',
  },
};

export interface SearchCount {
  /** −1 while there is none. */
  readonly index: number;
  readonly count: number;
}

/**
 * One domain's terminal in this window. It outlives the pane that shows it: leaving a tab takes
 * its element out of the document, coming back puts the same element in.
 */
export class TerminalSession {
  readonly link: ConsoleLink;
  readonly search = new Value<SearchCount>({ index: -1, count: 0 });
  readonly size: Value<Size>;
  /** What to do for Ctrl-Shift-F; the pane that shows the terminal sets it. */
  onFind: (() => void) | null = null;
  private readonly terminal: Terminal;
  private readonly fitAddon = new FitAddon();
  private readonly searchAddon = new SearchAddon();
  private readonly element = document.createElement('div');
  private readonly encoder = new TextEncoder();
  private readonly resizing = new ResizeObserver(() => this.fitWhenDrawn());
  /** xterm draws it: it is in the document, and in sight. */
  private isDrawn = false;
  private sight: IntersectionObserver | null = null;
  /** It showed its end when somebody else resized it out of sight. */
  private showedEnd = false;
  private webgl: WebglAddon | null = null;

  constructor(transport: Transport, domain: string) {
    this.terminal = new Terminal({
      allowProposedApi: true,
      fontFamily: getComputedStyle(document.documentElement).getPropertyValue('--mono'),
      fontSize: 13,
      scrollback: SCROLLBACK_LINES,
      theme: terminalTheme,
      macOptionIsMeta: true,
      cursorBlink: false,
    });
    boundTerminal(this.terminal);
    this.size = new Value({ columns: this.terminal.cols, rows: this.terminal.rows });
    this.element.style.cssText = 'width:100%;height:100%';
    this.loadAddons();
    this.link = new ConsoleLink(transport, domain, {
      size: () => this.size.get(),
      write: (bytes, consumed) => this.terminal.write(bytes, consumed),
      redraw: (bytes, consumed) => {
        this.terminal.reset();
        this.terminal.write(bytes, consumed);
      },
      resizedElsewhere: (size) => this.setSize(size),
    });
    this.terminal.onData((text) => this.link.send(this.encoder.encode(text)));
    this.terminal.onBinary((text) => {
      this.link.send(Uint8Array.from(text, (character) => character.charCodeAt(0)));
    });
    this.terminal.attachCustomKeyEventHandler((event) => this.isForGuest(event));
  }

  /** Shows the terminal in `place`, which has a size of its own. */
  attach(place: HTMLElement): void {
    place.append(this.element);
    if (this.terminal.element === undefined) {
      this.terminal.open(this.element);
      this.fit();
    }
    // With this terminal seen and used, its size is the one that counts again.
    this.terminal.textarea?.addEventListener('focus', this.fitWhenDrawn);
    this.resizing.observe(place);
    this.sight = this.watchSight();
    this.loadWebgl();
    this.link.reopen();
  }

  detach(): void {
    this.resizing.disconnect();
    this.sight?.disconnect();
    this.isDrawn = false;
    this.terminal.textarea?.removeEventListener('focus', this.fitWhenDrawn);
    // Browsers keep only a few WebGL contexts: one that nobody sees is given back.
    this.dropWebgl();
    this.element.remove();
  }

  focus(): void {
    this.terminal.focus();
  }

  find(text: string, direction: 'next' | 'previous'): void {
    if (text === '') return this.endSearch();
    if (direction === 'next') this.searchAddon.findNext(text, SEARCH);
    else this.searchAddon.findPrevious(text, SEARCH);
  }

  endSearch(): void {
    this.searchAddon.clearDecorations();
    this.search.set({ index: -1, count: 0 });
  }

  dispose(): void {
    this.detach();
    this.link.dispose();
    this.terminal.dispose();
  }

  private loadAddons(): void {
    this.terminal.loadAddon(this.fitAddon);
    this.terminal.loadAddon(this.searchAddon);
    this.terminal.loadAddon(new Unicode11Addon());
    this.terminal.unicode.activeVersion = '11';
    this.terminal.loadAddon(
      new WebLinksAddon((_event, uri) => void window.open(uri, '_blank', 'noopener')),
    );
    this.searchAddon.onDidChangeResults(({ resultIndex, resultCount }) => {
      this.search.set({ index: resultIndex, count: resultCount });
    });
  }

  private loadWebgl(): void {
    try {
      const webgl = new WebglAddon();
      webgl.onContextLoss(() => this.dropWebgl());
      this.terminal.loadAddon(webgl);
      this.webgl = webgl;
    } catch {
      // No WebGL here: the terminal draws with elements instead, slower and the same.
      this.webgl = null;
    }
  }

  private dropWebgl(): void {
    this.webgl?.dispose();
    this.webgl = null;
  }

  /**
   * A terminal that xterm does not draw keeps the height that it had, by which its scroll bar is
   * measured: a resize would be taken for a person who scrolls back, and nothing new be seen.
   */
  private readonly fitWhenDrawn = (): void => {
    if (this.isDrawn) this.fit();
  };

  /** Made after xterm's own, so that it hears of the same change later. */
  private watchSight(): IntersectionObserver {
    const sight = new IntersectionObserver((changes) => {
      this.isDrawn = changes.at(-1)?.isIntersecting ?? false;
      if (!this.isDrawn) return;
      this.fit();
      if (this.showedEnd) requestAnimationFrame(() => this.terminal.scrollToBottom());
      this.showedEnd = false;
    });
    sight.observe(this.element);
    return sight;
  }

  private fit(): void {
    const proposed = this.fitAddon.proposeDimensions();
    if (proposed === undefined || !(proposed.cols > 1) || !(proposed.rows > 0)) return;
    const size = { columns: proposed.cols, rows: proposed.rows };
    const old = this.size.get();
    if (size.columns === old.columns && size.rows === old.rows) return;
    this.setSize(size);
    this.link.resize(size);
  }

  private setSize(size: Size): void {
    const { viewportY, baseY } = this.terminal.buffer.active;
    if (!this.isDrawn) this.showedEnd ||= viewportY >= baseY;
    this.terminal.resize(size.columns, size.rows);
    this.size.set(size);
  }

  /** False for the keys that are the window's; all others go to the guest. */
  private isForGuest(event: KeyboardEvent): boolean {
    if (isLeaveConsoleKey(event)) return false;
    if (!event.ctrlKey || !event.shiftKey || event.altKey) return true;
    switch (event.code) {
      case 'KeyC':
        event.preventDefault();
        if (event.type === 'keydown') void this.copy();
        return false;
      case 'KeyV':
        // The browser's own paste follows, which the terminal brackets.
        return false;
      case 'KeyF':
        event.preventDefault();
        if (event.type === 'keydown') this.onFind?.();
        return false;
      case 'KeyP':
        return false;
      default:
        return true;
    }
  }

  private async copy(): Promise<void> {
    const text = this.terminal.getSelection();
    if (text === '') return;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      document.execCommand('copy');
    }
  }
}
