/** Puts the parts together: the site, the window, the ports between them, and the end. */
import { app, dialog, ipcMain, Menu, powerMonitor, protocol, session, shell } from 'electron';
import type { MessageBoxOptions } from 'electron';
import { join } from 'node:path';
import { DomusError } from '../../shared/errors.ts';
import { PAGE_SCHEME } from '../origin.ts';
import { IpcChannel, parseConsoleRequest } from '../ports/ipc.contract.ts';
import { PortDesk } from '../ports/port-desk.ts';
import type { Site } from '../ports/site.ts';
import { hardenContents, hardenSession } from '../security/harden.ts';
import { isTrustedSender } from '../security/sender-check.ts';
import type { Sender } from '../security/sender-check.ts';
import { MainWindow } from '../window/main-window.ts';
import { menuTemplate } from '../window/menu.ts';
import { Pages } from '../window/pages.ts';
import { quitQuestion } from './questions.ts';
import { QuitSequence } from './quit-sequence.ts';
import type { QuitAnswer } from './quit-sequence.ts';

const BROKEN_WINDOW =
  'Its page ended twice in a short time. Domains are not touched by it: ' +
  'let them run on, and open Domus again.';

export interface ShellOptions {
  preload: string;
  pages: string;
  /** The window's place and Chromium's profile are kept here. */
  userData: string;
  startSite(): Promise<Site>;
}

export class Shell {
  private readonly options: ShellOptions;
  private readonly site: Promise<Site>;
  private readonly quit: QuitSequence;
  private window: MainWindow | null = null;
  private desk: PortDesk | null = null;
  private hasFailed = false;

  private constructor(options: ShellOptions) {
    this.options = options;
    this.site = options.startSite();
    this.quit = new QuitSequence({
      runningDomains: async () => (await this.site).runningDomains(),
      ask: (running, from) => this.ask(running, from),
      closeWindow: () => this.window?.destroy(),
      stop: async () => (await this.site).stop(),
      exit: (code) => app.exit(code),
      endByForce: () => process.kill(process.pid, 'SIGKILL'),
    });
  }

  /** Settles when the window shows its page. Failures are shown to the person and end the program. */
  static async start(options: ShellOptions): Promise<void> {
    const shell = new Shell(options);
    shell.watchSite();
    shell.listen();
    try {
      await app.whenReady();
      powerMonitor.on('shutdown', () => void shell.quit.quitNow());
      hardenSession(session.defaultSession);
      const pages = await Pages.read(options.pages);
      protocol.handle(PAGE_SCHEME, (request) => pages.answer(request));
      shell.setMenu();
      await shell.openWindow();
    } catch (error) {
      shell.fail(error);
    }
  }

  private watchSite(): void {
    const watch = async (): Promise<void> => {
      const site = await this.site;
      const failure = await Promise.race([site.failed, site.ended]);
      if (failure) this.fail(failure);
      else await this.quit.quitNow();
    };
    watch().catch((error: unknown) => this.fail(error));
  }

  private listen(): void {
    ipcMain.on(IpcChannel.openApi, (event) => {
      if (this.isTrusted(event)) void this.desk?.openApi();
    });
    ipcMain.on(IpcChannel.openConsole, (event, payload: unknown) => {
      const request = this.isTrusted(event) ? parseConsoleRequest(payload) : null;
      if (request) void this.desk?.openConsole(request);
    });
    app.on('web-contents-created', (_event, contents) => hardenContents(contents));
    app.on('second-instance', () => this.showWindow());
    app.on('activate', () => this.showWindow());
    // With no window the domains go on; `before-quit` is the way out.
    app.on('window-all-closed', () => undefined);
    app.on('before-quit', (event) => {
      event.preventDefault();
      void this.quit.quitting();
    });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => void this.quit.quitNow());
    }
  }

  private isTrusted(event: Sender): boolean {
    return isTrustedSender(event, this.window?.contents ?? null);
  }

  private async openWindow(): Promise<void> {
    const window = new MainWindow({
      preload: this.options.preload,
      stateFile: join(this.options.userData, 'window.json'),
      onClosing: () => void this.quit.windowClosing(),
      onPageGone: () => desk.closeAll(),
      onBroken: () => {
        dialog.showErrorBox('The window failed', BROKEN_WINDOW);
        void this.quit.windowClosing();
      },
    });
    const desk = new PortDesk(this.site, (message) => window.handOver(message));
    this.window = window;
    this.desk = desk;
    window.onClosed(() => {
      this.window = null;
      this.desk = null;
    });
    await window.load();
  }

  private showWindow(): void {
    if (this.window) this.window.show();
    else if (app.isReady()) this.openWindow().catch((error: unknown) => this.fail(error));
  }

  private setMenu(): void {
    const openFolder = async (folder: 'home' | 'logs'): Promise<void> => {
      const { folders } = await this.site;
      await shell.openPath(folders[folder]);
    };
    const template = menuTemplate(process.platform, {
      showWindow: () => this.showWindow(),
      openFolder: (folder) => void openFolder(folder),
    });
    Menu.setApplicationMenu(Menu.buildFromTemplate(template));
  }

  private async ask(running: number, from: 'close' | 'quit'): Promise<QuitAnswer> {
    const { message, detail, buttons } = quitQuestion(running, from);
    const question: MessageBoxOptions = {
      type: 'question',
      message,
      detail,
      buttons: buttons.map(({ label }) => label),
      defaultId: 0,
      cancelId: buttons.length - 1,
      noLink: true,
    };
    const pressed = this.window
      ? await this.window.ask(question)
      : (await dialog.showMessageBox(question)).response;
    return buttons[pressed]?.answer ?? 'cancel';
  }

  private fail(error: unknown): void {
    if (this.hasFailed) return;
    this.hasFailed = true;
    const { code, message } = DomusError.toData(error);
    dialog.showErrorBox('Domus cannot go on', `${message}\n\n(${code})`);
    void this.quit.quitNow(1);
  }
}
