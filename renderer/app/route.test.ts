import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRoute, type Route, routeHref } from './route.ts';

const ROUTES: readonly Route[] = [
  { view: 'site' },
  { view: 'host', host: 'alpha' },
  { view: 'domain', uuid: 'b2f0', tab: 'console' },
  { view: 'domain', uuid: 'b2f0', tab: 'xen' },
  { view: 'domain', uuid: 'b2f0', tab: 'devices' },
  { view: 'domain', uuid: 'b2f0', tab: 'devices', device: 'xvda' },
  { view: 'storage', pool: null },
  { view: 'storage', pool: 'alpha-local' },
  { view: 'networks' },
  { view: 'consoles', uuids: [] },
  { view: 'consoles', uuids: ['a', 'b'] },
  { view: 'window', uuid: 'b2f0' },
  { view: 'images' },
  { view: 'tasks' },
  { view: 'events' },
];

describe('the address of a page', () => {
  it.each(ROUTES)('leads back to it: %j', (route) => {
    expect(parseRoute(routeHref(route))).toEqual(route);
  });

  it('leads to the site when it means nothing', () => {
    for (const fragment of ['', '#', '#/', '#/nonsense', '#/domain', '#/host/%E0%A4%A']) {
      expect(parseRoute(fragment)).toEqual({ view: 'site' });
    }
  });

  it('is never a fault, whatever is typed', () => {
    fc.assert(fc.property(fc.string(), (text) => parseRoute(`#/${text}`).view !== undefined));
  });
});
