import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { someCheckpoints } from './checkpoints.ts';
import { Random } from './random.ts';
import { makeScene } from './scene.ts';
import { serve } from './server.ts';
import { SyntheticSite } from './site.ts';

const { values } = parseArgs({
  options: {
    domains: { type: 'string', default: '6' },
    hosts: { type: 'string', default: '2' },
    port: { type: 'string', default: '0' },
    token: { type: 'string' },
    'was-running': { type: 'string', default: '0' },
    bare: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    folder: {
      type: 'string',
      default: fileURLToPath(new URL('../../dist/renderer', import.meta.url)),
    },
  },
});

const token = values.token ?? randomBytes(18).toString('base64url');
const random = new Random(Number(values.seed));
const scene = makeScene(
  {
    domains: Number(values.domains),
    hosts: Number(values.hosts),
    wasRunning: Number(values['was-running']),
    bare: values.bare,
  },
  random,
  Date.now(),
);
const site = new SyntheticSite(scene, random);
const first = [...site.domains.values()].find(({ name }) => name === 'web1');
if (first !== undefined) someCheckpoints(site, first);
setInterval(() => site.tick(), 1000);
const origin = await serve(site, { port: Number(values.port), token, folder: values.folder });
process.stdout.write(
  `${JSON.stringify({ ready: true, url: `${origin}/#token=${token}`, token })}\n`,
);
