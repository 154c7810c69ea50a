/** The part of `main/index.ts` that the shell uses. The module is loaded when the program starts. */
import type { MessagePort } from 'node:worker_threads';
import type { ContractRouterClient } from '@orpc/contract';
import type { Contract } from '../../shared/contract/index.ts';
import type { DomusError } from '../../shared/errors.ts';
import type { FrameLink, FrameReceiver } from '../ports/site.ts';

export interface MainModule {
  /** `--home`, else `DOMUS_HOME`, else the platform's data folder; creates nothing. */
  resolveHome(choice: { home?: string | undefined }): { folder: string; logs: string };
  /** Settles when the API answers. Errors: {@link DomusError}. */
  startSite(options: StartSiteOptions): Promise<RunningSite>;
  /** A client of the API over a port of `connectRpc`. */
  connectPort(port: MessagePort): ContractRouterClient<Contract>;
  FramePort: new (port: MessagePort, receiver: FrameReceiver) => FrameLink;
}

export interface StartSiteOptions {
  home: string | undefined;
  demo: boolean;
  version: string;
}

export interface RunningSite {
  /** A port to the API for one client, in the manner of `FramePort`. */
  connectRpc(): MessagePort;
  /** A port to a domain's console, by name or UUID. Errors: {@link DomusError}. */
  connectConsole(domain: string): Promise<MessagePort>;
  /** Settles when a thread that nothing works without ended by itself. */
  readonly failed: Promise<DomusError>;
  /** Settles when everything is written down and every thread has ended. */
  stop(): Promise<void>;
}
