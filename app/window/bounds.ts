/** Where the window was, and where it may stand now. Lengths in device-independent pixels. */
export interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface WindowState {
  bounds: Rectangle;
  maximized: boolean;
}

export const MINIMUM_SIZE = { width: 800, height: 560 } as const;
const DEFAULT_SIZE = { width: 1280, height: 820 } as const;
/** So much of the title bar must be on a screen for a person to grab it. */
const GRABBABLE = { width: 120, height: 32 } as const;

/** The saved state if it is one, else null: the file may hold anything. */
export function parseWindowState(text: string): WindowState | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(value) || !isRecord(value['bounds'])) return null;
  const { x, y, width, height } = value['bounds'];
  if (!isLength(x) || !isLength(y) || !isLength(width) || !isLength(height)) return null;
  return { bounds: { x, y, width, height }, maximized: value['maximized'] === true };
}

/**
 * Bounds for the next window: as saved where that can still be seen on one of the screens,
 * otherwise the default size in the middle of the first one.
 *
 * @param workAreas each screen's area without task bars, the primary screen's first
 */
export function placeWindow(saved: WindowState | null, workAreas: readonly Rectangle[]): Rectangle {
  const fitting = workAreas.flatMap((area) => {
    const bounds = saved && { ...saved.bounds, ...fitSize(saved.bounds, area) };
    return bounds && isGrabbable(bounds, area) ? [bounds] : [];
  });
  if (fitting[0]) return fitting[0];
  const screen = workAreas[0] ?? { x: 0, y: 0, ...DEFAULT_SIZE };
  const size = fitSize(saved?.bounds ?? DEFAULT_SIZE, screen);
  return {
    x: screen.x + Math.max(0, Math.floor((screen.width - size.width) / 2)),
    y: screen.y + Math.max(0, Math.floor((screen.height - size.height) / 2)),
    ...size,
  };
}

function fitSize(
  size: { width: number; height: number },
  area: Rectangle,
): { width: number; height: number } {
  return {
    width: Math.max(MINIMUM_SIZE.width, Math.min(size.width, area.width)),
    height: Math.max(MINIMUM_SIZE.height, Math.min(size.height, area.height)),
  };
}

function isGrabbable(bounds: Rectangle, area: Rectangle): boolean {
  const width = Math.min(bounds.x + bounds.width, area.x + area.width) - Math.max(bounds.x, area.x);
  const topInside = bounds.y >= area.y && bounds.y + GRABBABLE.height <= area.y + area.height;
  return topInside && width >= GRABBABLE.width;
}

function isLength(value: unknown): value is number {
  return Number.isInteger(value) && Math.abs(value as number) < 100_000;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
