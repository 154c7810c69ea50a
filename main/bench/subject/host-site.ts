/**
 * Domains of one host's worker on one network: the parts of Domus that move data, without a
 * toolstack.
 */
import { createFrameRing } from '../../../shared/ring/frame-ring.ts';
import { guestImage } from '../../workers/testing/guest-image.ts';
import { TestDisks } from '../../workers/testing/test-disks.ts';
import { newDomain, TestHost } from '../../workers/testing/test-host.ts';
import type { Addresses, Station } from '../guest/network-work.ts';

const NETWORK = { number: 1, name: 'bench', mtu: 1500 };
const RING_BYTES = 1 << 20;

export class HostSite implements AsyncDisposable {
  private readonly host: TestHost;
  private readonly disks: TestDisks;

  private constructor(host: TestHost, disks: TestDisks) {
    this.host = host;
    this.disks = disks;
  }

  static async start(memoryMiB: number): Promise<HostSite> {
    const host = await TestHost.start('bench', memoryMiB);
    await host.channel.call('network.define', NETWORK);
    return new HostSite(host, await TestDisks.start());
  }

  /**
   * Boots one, up to its prompt.
   *
   * @param diskBytes of `xvda`, empty; 0: it has none
   */
  async boot(
    name: string,
    memoryMiB: number,
    { mac, address }: Addresses,
    diskBytes = 0,
  ): Promise<Station> {
    const { spec, console } = newDomain(name, memoryMiB);
    if (diskBytes > 0) {
      spec.disks.push((await this.disks.create('xvda', diskBytes, spec.doorbell)).spec);
    }
    spec.interfaces.push({
      handle: 0,
      mac,
      mtu: NETWORK.mtu,
      network: NETWORK.name,
      addresses: [address],
      linkUp: true,
      sendLimitBytesPerSecond: null,
      receiveLimitBytesPerSecond: null,
      access: { rules: [], otherwise: 'allow' },
      sent: createFrameRing(RING_BYTES),
      received: createFrameRing(RING_BYTES),
    });
    const { domid } = spec;
    const { channel } = this.host;
    await channel.call('domain.boot', { spec, boot: await guestImage(name) });
    await console.prompt();
    return {
      name: 'domus',
      address,
      mac,
      run: (command) => console.run(command),
      pause: () => channel.call('domain.pause', { domid }),
      resume: () => channel.call('domain.unpause', { domid }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disks.stop();
    await this.host.stop();
  }
}
