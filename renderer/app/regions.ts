import { useEffect } from 'react';

/**
 * F6 and Shift-F6 move the focus from region to region, to where it was there last. In a console
 * F6 belongs to the guest.
 */
export function useRegionCycling(): void {
  useEffect(() => {
    const last = new WeakMap<Element, HTMLElement>();
    const remember = (event: FocusEvent): void => {
      const region = (event.target as Element).closest('[data-region]');
      if (region !== null) last.set(region, event.target as HTMLElement);
    };
    const cycle = (event: KeyboardEvent): void => {
      const from = event.target as Element;
      if (event.key !== 'F6' || event.ctrlKey || event.altKey) return;
      if (from.closest('.xterm') !== null) return;
      event.preventDefault();
      focusRegion(from, event.shiftKey ? -1 : 1, last);
    };
    document.addEventListener('focusin', remember);
    document.addEventListener('keydown', cycle, true);
    return () => {
      document.removeEventListener('focusin', remember);
      document.removeEventListener('keydown', cycle, true);
    };
  }, []);
}

function focusRegion(from: Element, step: 1 | -1, last: WeakMap<Element, HTMLElement>): void {
  const regions = [...document.querySelectorAll('[data-region]')];
  const current = regions.indexOf(from.closest('[data-region]') ?? regions[0]!);
  for (let offset = 1; offset <= regions.length; offset++) {
    const index = (current + step * offset + regions.length * 2) % regions.length;
    const region = regions[index]!;
    const remembered = last.get(region);
    const target =
      remembered?.isConnected === true && remembered.closest('.xterm') === null
        ? remembered
        : firstFocusable(region);
    if (target !== null) return target.focus();
  }
}

function firstFocusable(region: Element): HTMLElement | null {
  return region.querySelector<HTMLElement>(
    'a[href], button:not([disabled]), input:not([disabled]), [tabindex="0"]',
  );
}
