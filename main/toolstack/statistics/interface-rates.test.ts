import { expect, test } from 'vitest';
import { FrameProducer } from '../../../shared/ring/frame-ring.ts';
import type { VifSpec } from '../control/host.contract.ts';
import { newVif, withNewRings } from '../networks/vif-specs.ts';
import { InterfaceRates } from './interface-rates.ts';

function vif(): VifSpec {
  const definition = {
    handle: 2,
    network: 'lan',
    mac: '00:16:3e:00:00:01',
    address: '10.0.0.2',
    linkUp: true,
    sendLimitBytesPerSecond: null,
    receiveLimitBytesPerSecond: null,
    access: { rules: [], otherwise: 'allow' as const },
  };
  const lan = { number: 1, name: 'lan', kind: 'isolated', subnet: '10.0.0.0/24' } as const;
  return newVif(definition, { ...lan, mtu: 1500, reachesMachine: false, createdAtMs: 0 });
}

test('an interface’s rates are what went through its rings', () => {
  const rates = new InterfaceRates();
  const one = vif();
  expect(rates.sample('life', [one], 0)).toMatchObject([{ handle: 2, sentFramesPerSecond: 0 }]);
  rates.turn();
  const sent = new FrameProducer(one.sent);
  for (let frame = 0; frame < 4; frame++) {
    sent.write(500, { checksumPartial: false, segmentBytes: 0 }, () => undefined);
  }
  expect(rates.sample('life', [one], 2000)).toEqual([
    {
      handle: 2,
      sentBytesPerSecond: 1000,
      receivedBytesPerSecond: 0,
      sentFramesPerSecond: 2,
      receivedFramesPerSecond: 0,
    },
  ]);
  rates.turn();
  const moved = rates.sample('life', withNewRings([one]), 3000);
  expect(moved).toMatchObject([{ sentBytesPerSecond: 0, sentFramesPerSecond: 0 }]);
});
