import { describe, expect, it } from 'vitest';
import { isOurPage } from '../origin.ts';
import { externalAddress, mayLoad } from './navigation-policy.ts';

describe('a page of ours', () => {
  it.each(['app://domus/', 'app://domus/index.html#/domains/x', 'app://domus/assets/index.js'])(
    'is %s',
    (address) => expect(isOurPage(address)).toBe(true),
  );

  it.each([
    'app://evil/',
    'app://domus.evil.example/',
    'app://domus:80/',
    'app://user@domus/',
    'app:domus',
    'https://domus/',
    'file:///index.html',
    'data:text/html,app://domus/',
    '',
    'app://',
  ])('is not %s', (address) => expect(isOurPage(address)).toBe(false));
});

describe('loading', () => {
  it('takes the program’s own files and pictures that are part of them', () => {
    expect(mayLoad('app://domus/assets/a.css')).toBe(true);
    expect(mayLoad('data:image/png;base64,AA')).toBe(true);
  });

  it.each([
    'https://example.org/a.js',
    'http://127.0.0.1:8000/',
    'ws://127.0.0.1:8000/rpc',
    'file:///etc/passwd',
    'app://evil/a.js',
    'chrome://settings',
  ])('refuses %s', (address) => expect(mayLoad(address)).toBe(false));
});

describe('an address that a page wants opened', () => {
  it('goes to the browser when it is a plain web address', () => {
    expect(externalAddress('https://www.debian.org/releases')).toBe(
      'https://www.debian.org/releases',
    );
    expect(externalAddress('HTTP://Example.org')).toBe('http://example.org/');
  });

  it.each([
    'file:///etc/passwd',
    'javascript:alert(1)',
    'vbscript:x',
    'ssh://host',
    'smb://server/share',
    'ms-settings:privacy',
    'data:text/html,x',
    'https://bank.example@evil.example/',
    'https://u:p@host/',
    'not an address',
    '//host/path',
    '',
    `https://example.org/${'a'.repeat(4096)}`,
  ])('stays here: %s', (address) => expect(externalAddress(address)).toBeNull());
});
