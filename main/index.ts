/** The public entry of everything that runs domains: for the desktop shell and the command line. */
export { connectPort } from './api/rpc/port-client.ts';
export { FramePort } from './api/frame-port.ts';
export { startSite } from './start-site.ts';
export type { RunningSite, StartSiteOptions } from './start-site.ts';
export { resolveHome } from './toolstack/home.ts';
