import { expect, it } from 'vitest';
import { isGranted } from './permission-policy.ts';

const us = { ourPage: true, mainFrame: true };

it('grants the clipboard to our own page', () => {
  expect(isGranted('clipboard-read', us)).toBe(true);
  expect(isGranted('clipboard-sanitized-write', us)).toBe(true);
});

it('grants nothing to another page or to a frame inside ours', () => {
  expect(isGranted('clipboard-read', { ourPage: false, mainFrame: true })).toBe(false);
  expect(isGranted('clipboard-read', { ourPage: true, mainFrame: false })).toBe(false);
});

it.each([
  'media',
  'geolocation',
  'notifications',
  'openExternal',
  'hid',
  'usb',
  'serial',
  'midiSysex',
  'unknown',
  '',
])('refuses "%s" to everybody', (permission) => expect(isGranted(permission, us)).toBe(false));
