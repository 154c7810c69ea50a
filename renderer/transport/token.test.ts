import { describe, expect, it } from 'vitest';
import { takeToken, type TokenPlaces } from './token.ts';

function places(hash: string, stored: string | null = null) {
  const store = new Map(stored === null ? [] : [['domus.token', stored]]);
  const shown: string[] = [];
  const value: TokenPlaces = {
    location: { hash, pathname: '/', search: '' },
    history: { replaceState: (_data, _unused, url) => void shown.push(String(url)) },
    sessionStorage: {
      getItem: (key) => store.get(key) ?? null,
      setItem: (key, text) => void store.set(key, text),
    },
  };
  return { value, store, shown };
}

describe('the token of an address', () => {
  it('is kept for the tab and taken out of the address', () => {
    const { value, store, shown } = places('#token=abc_-9');
    expect(takeToken(value)).toBe('abc_-9');
    expect(store.get('domus.token')).toBe('abc_-9');
    expect(shown).toEqual(['/#/']);
  });

  it('is the kept one after a reload', () => {
    const { value, shown } = places('#/images', 'kept');
    expect(takeToken(value)).toBe('kept');
    expect(shown).toEqual([]);
  });

  it('replaces the kept one when a new address is opened', () => {
    expect(takeToken(places('#token=new', 'old').value)).toBe('new');
  });

  it('is none when there is none, or not the shape of one', () => {
    expect(takeToken(places('').value)).toBeNull();
    expect(takeToken(places('#token=<script>').value)).toBeNull();
  });
});
