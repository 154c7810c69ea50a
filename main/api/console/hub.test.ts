import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { ConsoleBench, Guest, UUID, ViewerTerminal } from '../testing/console-bench.ts';
import { sensibleOutput } from '../testing/terminal-output.ts';

const until = vi.waitUntil;
const soon = { interval: 5, timeout: 30_000 };

async function running(): Promise<{ bench: ConsoleBench; guest: Guest }> {
  const bench = new ConsoleBench();
  const guest = new Guest();
  await bench.attach(guest);
  return { bench, guest };
}

async function shows(viewer: ViewerTerminal, text: string): Promise<void> {
  await until(async () => (await viewer.screen()).includes(text), soon);
}

describe('console hub', () => {
  it('shows a guest to its viewers and gives the guest what they type', async () => {
    const { bench, guest } = await running();
    const viewer = new ViewerTerminal(bench.hub).open();
    await guest.print('login: ');
    await shows(viewer, 'login: ');
    viewer.type('root\r');
    await until(() => guest.input.used === 5, soon);
    expect(Buffer.from(guest.input.read()).toString()).toBe('root\r');
    expect(new Int32Array(guest.doorbell)[0]).toBeGreaterThan(0);
  });

  it('shows a late viewer the screen that was there', async () => {
    const { bench, guest } = await running();
    const early = new ViewerTerminal(bench.hub).open();
    await guest.print('\x1b[31mred\x1b[m\r\nsecond line');
    await shows(early, 'second line');
    const late = new ViewerTerminal(bench.hub).open();
    await shows(late, 'second line');
    expect(await late.screen()).toBe(await early.screen());
  });

  it('shows a late viewer the coloured rows below the last word of a dialog', async () => {
    const { bench, guest } = await running();
    const early = new ViewerTerminal(bench.hub).open();
    await guest.print(
      '\x1b[48;5;18m\x1b[2J\x1b[3;5Hreally?\x1b[48;2;1;2;3m\x1b[20;1H\x1b[9X\x1b[m',
    );
    await shows(early, 'really?');
    await bench.printed();
    const late = new ViewerTerminal(bench.hub).open();
    await shows(late, 'really?');
    expect(await late.screen()).toContain('23,79: on ');
    expect(await late.screen()).toBe(await early.screen());
  });

  it.each([
    ['erases up to the last cell of the screen', '\x1b[24;80H\x1b[1J'],
    ['erases what is not protected up to there', '\x1b[24;80H\x1b[?1J'],
    ['scrolls two thousand million times', '\x1b[2147483647S\x1b[2147483647T'],
    ['inserts and deletes as many lines', '\x1b[2147483647L\x1b[2147483647M'],
    ['repeats a character as often', 'x\x1b[2147483647b'],
    ['repeats a character with many marks', `x${'\u0301'.repeat(300_000)}\x1b[1900b`],
  ])('goes on with a guest that %s', async (_what, output) => {
    const { bench, guest } = await running();
    const viewer = new ViewerTerminal(bench.hub).open();
    await guest.print(`${output}\x1b[2J\x1b[Hstill here`);
    await shows(viewer, 'still here');
    await shows(new ViewerTerminal(bench.hub).open(), 'still here');
  });

  it('answers a guest that asks the terminal once, however many watch', async () => {
    const { bench, guest } = await running();
    const viewers = [1, 2, 3].map(() => new ViewerTerminal(bench.hub).open());
    await guest.print('ask\x1b[6n');
    for (const viewer of viewers) await shows(viewer, 'ask');
    await until(() => guest.input.used > 0, soon);
    expect(Buffer.from(guest.input.read()).toString()).toBe('\x1b[1;4R');
    expect(viewers.flatMap((viewer) => viewer.answers)).toEqual([]);
  });

  it('loses no byte of a flood, and holds the guest back instead of growing', async () => {
    const { bench, guest } = await running();
    const viewer = new ViewerTerminal(bench.hub).open();
    await until(() => viewer.resets === 1, soon);
    const line = new TextEncoder().encode(`${'0123456789'.repeat(7)}\r\n`);
    const block = Buffer.concat(Array.from({ length: 400 }, () => line));
    const before = process.memoryUsage().rss;
    const blocks = 1000; // 29 MB
    for (let i = 0; i < blocks; i++) await guest.print(block);
    await until(() => guest.unread === 0 && viewer.outputBytes === blocks * block.length, soon);
    expect(viewer.resets).toBe(1);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  });

  it('lets a slow viewer miss output, not the guest and not the others, and redraws it after', async () => {
    const { bench, guest } = await running();
    const slow = new ViewerTerminal(bench.hub).open();
    const quick = new ViewerTerminal(bench.hub).open();
    await until(() => slow.resets === 1 && quick.resets === 1, soon);
    slow.consumes = false;
    const block = new TextEncoder().encode('slow and steady\r\n'.repeat(3000));
    for (let i = 0; i < 60; i++) await guest.print(block);
    await guest.print('the end');
    await shows(quick, 'the end');
    expect(slow.outputBytes).toBeLessThanOrEqual(256 * 1024);
    slow.catchUp();
    await shows(slow, 'the end');
    expect(slow.resets).toBe(2);
    expect(await slow.screen()).toBe(await quick.screen());
  });

  it('keeps the screen over a reboot and lets the viewers go on', async () => {
    const { bench, guest } = await running();
    const viewer = new ViewerTerminal(bench.hub).open();
    await guest.print('first life\x1b[?25l\x1b[5;9r');
    await shows(viewer, 'first life');
    const reborn = new Guest();
    await bench.attach(reborn);
    await reborn.print('second life');
    await shows(viewer, 'first life');
    await shows(viewer, 'second life');
    expect(await bench.dmesg()).toBe('second life');
    viewer.type('x');
    await until(() => reborn.input.used === 1, soon);
    expect(guest.input.used).toBe(0);
  });

  it('drains what a guest that is gone had printed', async () => {
    const { bench, guest } = await running();
    await guest.print('kernel panic');
    bench.detach();
    expect(guest.unread).toBe(0);
    expect(await bench.dmesg()).toBe('kernel panic');
    await shows(new ViewerTerminal(bench.hub).open(), 'kernel panic');
  });

  it('gives a clone the screen and the log of what it was cloned from', async () => {
    const { bench, guest } = await running();
    await guest.print('\x1b[1mgolden\x1b[m\r\n# \x1b[6n');
    const printed = await bench.printed();
    const clone = new ConsoleBench();
    await clone.attach(new Guest());
    await clone.attach(new Guest(), printed);
    const cloned = new Guest();
    await clone.attach(cloned, printed);
    const viewer = new ViewerTerminal(clone.hub).open();
    await cloned.print('echo');
    await shows(viewer, 'echo');
    expect(await viewer.screen()).toContain('golden');
    expect(await clone.dmesg()).toBe('golden\n# echo');
    // What the golden domain had asked the terminal is not answered to its clone.
    expect(cloned.input.used).toBe(0);
  });

  it('resizes to the newest viewer and tells all of them', async () => {
    const { bench } = await running();
    const first = new ViewerTerminal(bench.hub).open(100, 40);
    const second = new ViewerTerminal(bench.hub).open(120, 50);
    await until(() => first.states.at(-1)?.columns === 120, soon);
    first.resize(90, 30);
    await until(() => second.states.at(-1)?.rows === 30, soon);
  });

  it('closes the viewers of a domain that is deleted, and of one that it does not know', async () => {
    const { bench } = await running();
    const viewer = new ViewerTerminal(bench.hub).open();
    await until(() => viewer.resets === 1, soon);
    bench.forget();
    await until(() => viewer.closed, soon);
    expect(viewer.error?.code).toBe('console.gone');
    expect(() => new ViewerTerminal(bench.hub, UUID)).toThrow(/no console yet/);
  });

  it("makes a viewer wait whose guest does not read, and drops what waits at the guest's end", async () => {
    const { bench, guest } = await running();
    const viewer = new ViewerTerminal(bench.hub).open();
    await until(() => viewer.resets === 1, soon);
    viewer.type('p'.repeat(60_000));
    await until(() => guest.input.free === 0, soon);
    expect(viewer.inputUnderWay).toBeGreaterThan(0);
    let read = 0;
    await until(() => (read += guest.input.read().length) === 60_000, soon);
    await until(() => viewer.inputUnderWay === 0, soon);
    viewer.type('p'.repeat(60_000));
    bench.detach();
    await until(() => viewer.inputUnderWay === 0, soon);
    expect(viewer.closed).toBe(false);
  });

  it.each([
    ['an unknown type', Uint8Array.of(99, 1, 2)],
    ['a size that is none', Uint8Array.of(18, 0x7b)],
    ['an absurd size', new TextEncoder().encode('\x12{"columns":1e9,"rows":1}')],
    ['short credit', Uint8Array.of(19, 1)],
  ])('closes a viewer that sends %s, with the reason', async (_what, bytes) => {
    const { bench } = await running();
    const viewer = new ViewerTerminal(bench.hub).open();
    viewer.post(bytes);
    await until(() => viewer.closed, soon);
    expect(viewer.error?.code).toBe('console.bad-frame');
  });

  it('draws the same for a viewer that joins at any moment as for one that was there', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(sensibleOutput, { maxLength: 30 }),
        fc.array(sensibleOutput, { maxLength: 10 }),
        async (before, after) => {
          const { bench, guest } = await running();
          const early = new ViewerTerminal(bench.hub).open();
          for (const piece of before) await guest.print(piece);
          await bench.printed();
          const late = new ViewerTerminal(bench.hub).open();
          for (const piece of after) await guest.print(piece);
          await until(() => late.resets === 1, soon);
          await bench.printed();
          await new Promise((resolve) => setImmediate(resolve));
          await until(async () => (await late.screen()) === (await early.screen()), {
            interval: 5,
            timeout: 2000,
          }).catch(() => undefined);
          bench.forget();
          expect(await late.screen()).toBe(await early.screen());
        },
      ),
      { numRuns: 200 },
    );
  });
});
