import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { NewStateFile, openStateFile } from './state-file.ts';
import type { StateRecord } from './state-record.ts';

const STREAM = Buffer.from('the stream of a domain');

function record(): StateRecord {
  return {
    version: 1,
    savedAtMs: 1,
    definition: {
      uuid: randomUUID(),
      name: 'web1',
      host: 'alpha',
      image: 'debian',
      vcpus: 1,
      memoryKiB: 65_536,
      maxMemoryKiB: 131_072,
      boot: 'clone',
      onPoweroff: 'destroy',
      onReboot: 'restart',
      onCrash: 'destroy',
      createdAtMs: 1,
      disks: [],
      interfaces: [],
    },
    domid: 7,
    startedAtMs: 1,
    targetKiB: 65_536,
    frames: 16_384,
    wasPaused: false,
    versions: { engine: { v86: '0.5', instrumentation: 'none' }, hypervisorState: 1 },
    disks: [],
    printed: 'Linux version 6.1 “ü”',
    picture: { columns: 80, rows: 24, lines: ['/ #'] },
  };
}

async function written(path: string, saved = record()): Promise<StateRecord> {
  const file = await NewStateFile.create(path);
  writeSync(file.fd, STREAM, 0, STREAM.length, 0);
  const bytes = await file.publish(STREAM.length, saved);
  await file.close();
  expect(readFileSync(path).length).toBe(bytes);
  return saved;
}

const opened = (path: string) =>
  openStateFile(path).then(async (state) => {
    await state.close();
    return state;
  });

describe('a state file', () => {
  test('says what was put in, and where the stream is', async () => {
    const path = join(temporaryFolder(), 'web1.state');
    const saved = await written(path);
    expect(await opened(path)).toMatchObject({ record: saved, streamBytes: STREAM.length });
    expect(readFileSync(path).subarray(0, STREAM.length)).toEqual(STREAM);
  });

  test('is not there until it is whole, and leaves nothing when it is given up', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'web1.state');
    const file = await NewStateFile.create(path);
    writeSync(file.fd, STREAM);
    await expect(openStateFile(path)).rejects.toMatchObject({ code: 'state.unknown' });
    await file.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('replaces the one before only when it is whole', async () => {
    const path = join(temporaryFolder(), 'web1.state');
    const first = await written(path);
    const file = await NewStateFile.create(path);
    writeSync(file.fd, 'half');
    expect((await opened(path)).record).toEqual(first);
    await file.close();
    expect((await opened(path)).record).toEqual(first);
  });

  test('that is cut off anywhere, or changed in what it says, is refused', async () => {
    const path = join(temporaryFolder(), 'web1.state');
    await written(path);
    const whole = readFileSync(path);
    for (let bytes = 0; bytes < whole.length; bytes += 7) {
      writeFileSync(path, whole);
      truncateSync(path, bytes);
      await expect(openStateFile(path), `${bytes} bytes`).rejects.toMatchObject({
        code: expect.stringMatching(/^state\.(damaged|not-a-state)$/) as string,
      });
    }
    for (let at = STREAM.length; at < whole.length; at += 3) {
      const changed = Buffer.from(whole);
      changed[at]! ^= 1 << (at % 8);
      writeFileSync(path, changed);
      await expect(openStateFile(path), `byte ${at}`).rejects.toMatchObject({
        code: expect.stringMatching(/^state\.(damaged|not-a-state)$/) as string,
      });
    }
  });

  test('of another version, or with a definition that is none, is refused by that', async () => {
    const path = join(temporaryFolder(), 'web1.state');
    await written(path, { ...record(), version: 2 as 1 });
    await expect(openStateFile(path)).rejects.toMatchObject({
      code: 'state.other-version',
      message: expect.stringContaining('format 2; this one reads 1') as string,
    });
    const sound = record();
    const definition = { ...sound.definition, uuid: '../../etc' };
    await written(path, { ...sound, definition });
    await expect(openStateFile(path)).rejects.toMatchObject({ code: 'state.damaged' });
  });

  test('that is no file, or in a folder that is not there, is refused', async () => {
    const folder = temporaryFolder();
    await expect(openStateFile(folder)).rejects.toMatchObject({
      code: expect.stringMatching(/^state\./) as string,
    });
    await expect(NewStateFile.create(join(folder, 'none', 'web1'))).rejects.toMatchObject({
      code: 'storage.failed',
    });
  });
});
