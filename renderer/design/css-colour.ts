/** A colour token as a canvas can read it: `light-dark()` is resolved by the element's own style. */
export function cssColour(element: Element, token: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${token})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
