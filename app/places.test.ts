import { expect, it } from 'vitest';
import { findPlaces } from './places.ts';

it('finds the built parts beside the source', () => {
  const places = findPlaces('file:///src/app/main.ts');
  expect(places).toMatchObject({
    preload: '/src/dist/app/preload.cjs',
    pages: '/src/dist/renderer',
  });
  expect(places.mainModule.href).toBe('file:///src/main/index.ts');
});

it('finds them beside the bundle', () => {
  const places = findPlaces('file:///src/dist/app/main.js');
  expect(places).toMatchObject({
    preload: '/src/dist/app/preload.cjs',
    pages: '/src/dist/renderer',
  });
  expect(places.mainModule.href).toBe('file:///src/dist/main/index.js');
});

it('finds real files beside the archive, and the preload script in it', () => {
  const places = findPlaces('file:///opt/My%20Domus/resources/app.asar/dist/app/main.js');
  expect(places).toMatchObject({
    preload: '/opt/My Domus/resources/app.asar/dist/app/preload.cjs',
    pages: '/opt/My Domus/resources/app.asar.unpacked/dist/renderer',
  });
  expect(places.mainModule.href).toBe(
    'file:///opt/My%20Domus/resources/app.asar.unpacked/dist/main/index.js',
  );
});
