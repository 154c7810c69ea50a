/**
 * Started by `packed-run.ts` in a process of its own: the packed shell with the stand-in for
 * Electron, used as a person would, over the page's own ways. Prints a {@link PackedReport}.
 *
 *     node packed-program.ts ARCHIVE-FOLDER HOME [GUEST-COMMAND]
 */
import { readFileSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/message-port';
import type { ContractRouterClient } from '@orpc/contract';
import type { Contract } from '../../shared/contract/index.ts';
import { app, BrowserWindow, dialog, protocol } from './electron.ts';
import { StandInPage } from './page.ts';

export interface PackedReport {
  page: { address: string; scriptBytes: number };
  hosts: string[];
  http: { pageHasRoot: boolean; site: object };
  /** What the command printed in a new domain; null when there was none to run. */
  guest: string | null;
  errors: string[];
  exit: number;
}

const [archive = '', home = '', command] = process.argv.slice(2);
process.argv = [process.argv[0] as string, archive, '--home', home];
const standIn = new URL('electron.ts', import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' ? { url: standIn, shortCircuit: true } : next(specifier, context),
});

await import(pathToFileURL(join(archive, 'dist', 'app', 'main.js')).href);
app.becomeReady();
const window = await shownWindow();
const { preload } = window.options['webPreferences'] as { preload: string };
const page = await StandInPage.open(window, () =>
  Promise.resolve(createRequire(import.meta.url)(preload) as unknown),
);
page.domus.openApi();
const [port] = (await page.nextMessage()).ports;
if (!port) throw new Error('the shell sent no port');
const api = createORPCClient<ContractRouterClient<Contract>>(new RPCLink({ port }));
port.start();
const hosts = await api.hosts.list();
const http = await askServer();
const files = await askPages();
const guest = command === undefined ? null : await askGuest(command);

app.quit();
const report: PackedReport = {
  page: { address: window.webContents.getURL(), ...files },
  hosts: hosts.map(({ name }) => name).sort(),
  http,
  guest,
  errors: dialog.errors.map(({ content }) => content),
  exit: await app.exited.promise,
};
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit());

async function shownWindow(): Promise<BrowserWindow> {
  for (;;) {
    const window = BrowserWindow.all.at(-1);
    if (window?.visible) return window;
    if (dialog.errors[0]) throw new Error(dialog.errors[0].content);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The page, and the script that it names. */
async function askPages(): Promise<{ scriptBytes: number }> {
  const html = await (await protocol.request('app://domus/')).text();
  const script = /<script[^>]* src="([^"]+)"/.exec(html)?.[1] ?? 'none';
  const answer = await protocol.request(new URL(script, 'app://domus/').href);
  return { scriptBytes: (await answer.bytes()).length };
}

/** The server for browsers and the command line, which runs beside the window. */
async function askServer(): Promise<PackedReport['http']> {
  const daemon = JSON.parse(readFileSync(join(home, 'daemon.json'), 'utf8')) as Endpoint;
  const site = await fetch(`${daemon.url}/api/site`, {
    headers: { Authorization: `Bearer ${daemon.token}` },
  });
  const html = await (await fetch(daemon.url)).text();
  return { pageHasRoot: html.includes('id="root"'), site: (await site.json()) as object };
}

/** Creates a domain, runs the command in it, and deletes it. */
async function askGuest(command: string): Promise<string> {
  const domain = 'packed1';
  const created = await api.tasks.wait({ id: (await api.domains.create({ name: domain })).id });
  if (created.state !== 'done') throw new Error(JSON.stringify(created.error));
  let output = '';
  for await (const chunk of await api.domains.exec({ domain, command })) {
    if (chunk.type === 'stdout') output += Buffer.from(chunk.base64, 'base64').toString();
  }
  await api.domains.delete({ domain, force: true });
  return output;
}

interface Endpoint {
  url: string;
  token: string;
}
