import { describe, expect, it } from 'vitest';
import { DomusError } from '../../shared/errors.ts';
import type { VolumeContents } from '../transport/transport.ts';
import { Transfers } from './transfers.ts';

const PLACE = { pool: 'p', volume: 'a.raw' };

/** Settles when the list is so long. */
function untilLength(transfers: Transfers, length: number): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => void (transfers.list.get().length === length && resolve());
    transfers.list.subscribe(look);
    look();
  });
}

describe('contents on their way', () => {
  it('are listed with their progress until they are there', async () => {
    const shares: (number | null)[] = [];
    const sent: string[] = [];
    const transfers = new Transfers({
      upload: (target, _content, _signal, onProgress) => {
        sent.push(`${target.pool}/${target.volume} ${target.format}`);
        onProgress(0.5);
        return Promise.resolve();
      },
    } as Partial<VolumeContents> as VolumeContents);
    transfers.list.subscribe(() => shares.push(transfers.list.get()[0]?.progress ?? null));
    transfers.upload(PLACE, new Blob(['content']));
    await untilLength(transfers, 0);
    expect(sent).toEqual(['p/a.raw raw']);
    expect(shares).toContain(0.5);
  });

  it('stay with the reason when they fail, until that was read', async () => {
    const refusal = new DomusError('pool.full', 'There is no room.');
    const transfers = new Transfers({
      download: () => Promise.reject(refusal),
    } as Partial<VolumeContents> as VolumeContents);
    const failed = new Promise<void>((resolve) => {
      transfers.list.subscribe(() => transfers.list.get()[0]?.error !== null && resolve());
    });
    transfers.download(PLACE, () => Promise.resolve());
    await failed;
    expect(transfers.list.get()[0]?.error?.message).toBe('There is no room.');
    transfers.dismiss(transfers.list.get()[0]!.id);
    expect(transfers.list.get()).toEqual([]);
  });

  it('are told of how much was fetched', async () => {
    const transfers = new Transfers({
      download: () =>
        Promise.resolve(new Response('12345678', { headers: { 'content-length': '8' } })),
    } as Partial<VolumeContents> as VolumeContents);
    const saved: string[] = [];
    const shares: (number | null)[] = [];
    transfers.list.subscribe(() => shares.push(transfers.list.get()[0]?.progress ?? null));
    transfers.download(PLACE, async (answer) => void saved.push(await answer.text()));
    await untilLength(transfers, 0);
    expect(saved).toEqual(['12345678']);
    expect(shares).toContain(1);
  });

  it('are impossible where the window has no way for them', () => {
    const transfers = new Transfers(null);
    transfers.upload(PLACE, new Blob([]));
    expect(transfers.isPossible).toBe(false);
    expect(transfers.list.get()).toEqual([]);
  });
});
