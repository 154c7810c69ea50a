import { isOurPage } from '../origin.ts';

/** What the check needs of Electron's `WebFrameMain`. */
export interface SenderFrame {
  readonly url: string;
  readonly parent: unknown;
}

/** What the check needs of Electron's `IpcMainEvent`. */
export interface Sender {
  readonly sender: unknown;
  readonly senderFrame: SenderFrame | null;
}

/** What the check needs of Electron's `WebContents`. */
export interface TrustedContents {
  readonly mainFrame: SenderFrame;
}

/**
 * Whether a message comes from our page in the top frame of our window. A frame that navigated away
 * or is gone (null) has no word any more.
 */
export function isTrustedSender(event: Sender, contents: TrustedContents | null): boolean {
  const frame = event.senderFrame;
  return (
    contents !== null &&
    frame !== null &&
    event.sender === contents &&
    frame === contents.mainFrame &&
    frame.parent === null &&
    isOurPage(frame.url)
  );
}
