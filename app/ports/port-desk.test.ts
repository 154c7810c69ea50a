import { once } from 'node:events';
import type { MessagePort } from 'node:worker_threads';
import { beforeEach, describe, expect, it } from 'vitest';
import { frameText, FrameType, parseFrame } from '../../shared/console-protocol.ts';
import type { DesktopPortMessage } from '../../shared/desktop.contract.ts';
import { MessageChannelMain } from '../testing/message-channel-main.ts';
import { SmallSite } from '../testing/small-site.ts';
import { MAX_PORTS, PortDesk } from './port-desk.ts';
import type { Site } from './site.ts';

const id = '0b1c6d4e-7f0a-4c39-9a60-1f2f3a4b5c6d';

let site: SmallSite;
let handedOver: { message: DesktopPortMessage; port: MessagePort }[];
let desk: PortDesk;

function makeDesk(site: Promise<Site>): PortDesk {
  return new PortDesk(site, (message) => {
    const { port1, port2 } = new MessageChannelMain();
    handedOver.push({ message, port: port2.port });
    return port1;
  });
}

beforeEach(() => {
  site = new SmallSite();
  handedOver = [];
  desk = makeDesk(Promise.resolve(site));
});

describe('a page gets', () => {
  it('a port to the API', async () => {
    await desk.openApi();
    expect(handedOver[0]?.message).toEqual({ kind: 'domus-port' });
    handedOver[0]?.port.postMessage('call');
    await site.apiLinks[0]?.until(({ sent }) => sent.length === 1);
  });

  it('a port to a console under the id it chose', async () => {
    await desk.openConsole({ domain: 'web1', id });
    expect(handedOver[0]?.message).toEqual({ kind: 'domus-console-port', id });
    const arrived = once(handedOver[0]!.port, 'message');
    site.consoleLinks[0]?.answer(new Uint8Array([FrameType.output, 65]));
    expect(await arrived).toEqual([new Uint8Array([FrameType.output, 65])]);
  });

  it('the reason, as an error frame, when there is no such console', async () => {
    await desk.openConsole({ domain: 'nope', id });
    const [bytes] = (await once(handedOver[0]!.port, 'message')) as [Uint8Array];
    const { type, payload } = parseFrame(bytes)!;
    expect(type).toBe(FrameType.error);
    expect(JSON.parse(frameText(payload))).toMatchObject({ code: 'domain.unknown' });
    expect(desk.openPorts).toBe(0);
  });

  it('a closed port when the site does not start', async () => {
    desk = makeDesk(Promise.reject(new Error('home in use')));
    await desk.openApi();
    await once(
      handedOver[0]!.port.on('message', () => undefined),
      'close',
    );
    expect(desk.openPorts).toBe(0);
  });

  it(`no more than ${MAX_PORTS} ports at once`, async () => {
    for (let n = 0; n < MAX_PORTS + 5; n++) await desk.openApi();
    expect(handedOver.length).toBe(MAX_PORTS);
  });
});

describe('when the page goes', () => {
  it('its links end', async () => {
    await desk.openApi();
    await desk.openConsole({ domain: 'web1', id });
    desk.closeAll();
    expect([site.apiLinks[0]?.isClosed, site.consoleLinks[0]?.isClosed, desk.openPorts]).toEqual([
      true,
      true,
      0,
    ]);
  });

  it('a link that was still being made ends too', async () => {
    const late = Promise.withResolvers<Site>();
    desk = makeDesk(late.promise);
    const opening = desk.openConsole({ domain: 'web1', id });
    desk.closeAll();
    late.resolve(site);
    await opening;
    expect([site.consoleLinks[0]?.isClosed, desk.openPorts]).toEqual([true, 0]);
  });
});
