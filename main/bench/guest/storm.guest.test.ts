/** What the `isolation` bench measures, as a promise: a guest that floods a network starves nobody on it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestSite } from '../../toolstack/testing/test-site.ts';
import { floodProgram } from './datagram-programs.ts';

/** To a group: a switch sends it to every port and over every link. */
const EVERYBODY = '224.0.0.251';
const FRAME_BYTES = 1000;

let site: TestSite;

beforeAll(async () => {
  site = await TestSite.open();
  const interfaces = [{ network: 'default' }];
  await Promise.all([
    site.create('server', { host: 'alpha', interfaces }),
    site.create('client', { host: 'beta', interfaces }),
    site.create('storm', { host: 'alpha', interfaces }),
  ]);
  await site.ask(
    'server',
    'mkdir -p /srv; dd if=/dev/urandom of=/srv/data bs=1k count=200 2>/dev/null; httpd -p 80 -h /srv',
  );
});
afterAll(() => site.close());

const frames = (domain: string, way: 'rx' | 'tx'): Promise<number> =>
  site.ask(domain, `cat /sys/class/net/eth0/statistics/${way}_packets`).then(Number);

test('a storm reaches everybody, and their connections go on, byte for byte', async () => {
  const sum = await site.ask('server', 'md5sum </srv/data');
  const program = floodProgram(EVERYBODY, 5353, FRAME_BYTES).toString('base64');
  await site.ask('storm', `echo ${program} | base64 -d >/tmp/storm; chmod +x /tmp/storm`);
  await site.ask('storm', 'ip route add 224.0.0.0/4 dev eth0');
  const before = await frames('client', 'rx');
  await site.exec('storm', '/tmp/storm </dev/null >/dev/null 2>&1 &');
  for (let time = 0; time < 3; time++) {
    expect(await site.ask('client', 'wget -q -O - http://server/data | md5sum')).toBe(sum);
    // The daemon answers, and the guest that storms does too.
    expect(await site.api.domains.list({})).toHaveLength(5);
    expect(await frames('storm', 'tx')).toBeGreaterThan(1000);
  }
  expect((await frames('client', 'rx')) - before).toBeGreaterThan(1000);
  await site.ask('storm', 'killall storm');
});
