import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AgentDecoder,
  encodeRequest,
  inputChunkBytes,
  maxCommandBytes,
  type AgentEvent,
} from './agent-protocol.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const exec = (command: string): string =>
  text(encodeRequest({ kind: 'exec', id: 1, command, input: false }));

/** What the guest's shell makes of the lines' text. */
function commandOf(lines: string): Buffer {
  const joined = lines
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ')[2] ?? '')
    .join('');
  const unescaped = joined.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return Buffer.from(unescaped, 'latin1');
}

describe('encodeRequest', () => {
  it('carries any command in printable lines below the limit of a line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 6000 }), (raw) => {
        const command = raw.replaceAll('\0', '');
        const lines = exec(command);
        expect(lines).toMatch(/^(part 1 [!-~]*\n)*exec 1 [!-~]*\n$/);
        for (const line of lines.split('\n')) expect(line.length).toBeLessThan(4000);
        expect(lines).not.toContain("'");
        expect(commandOf(lines).toString()).toBe(Buffer.from(command).toString());
      }),
    );
  });

  it('carries the longest command, and no longer one', () => {
    expect(commandOf(exec('x'.repeat(maxCommandBytes))).length).toBe(maxCommandBytes);
    expect(() => exec('x'.repeat(maxCommandBytes + 1))).toThrow(RangeError);
  });

  it.each([
    ['a NUL in a command', () => exec('a\0b')],
    ['a negative ID', () => encodeRequest({ kind: 'ping', id: -1 })],
    [
      'a hostname with a blank',
      () => encodeRequest({ kind: 'identity', id: 1, identity: { hostname: 'a b' } }),
    ],
    [
      'a machine ID that is none',
      () => encodeRequest({ kind: 'identity', id: 1, identity: { machineId: 'x' } }),
    ],
    [
      'too little entropy',
      () => encodeRequest({ kind: 'identity', id: 1, identity: { entropy: new Uint8Array(8) } }),
    ],
    [
      'too much input at once',
      () => encodeRequest({ kind: 'input', id: 1, data: new Uint8Array(inputChunkBytes + 1) }),
    ],
    ['a terminal without rows', () => encodeRequest({ kind: 'size', id: 1, rows: 0, columns: 80 })],
  ])('refuses %s', (_, encode) => {
    expect(encode).toThrow(RangeError);
  });

  it('gives the time in whole seconds and microseconds, and - for what is left out', () => {
    const identity = { hostname: 'alpha', wallClockMs: 1_795_239_055_182.5 };
    expect(text(encodeRequest({ kind: 'identity', id: 4, identity }))).toBe(
      'identity 4 alpha 1795239055 182500 - -\n',
    );
    expect(text(encodeRequest({ kind: 'clock', id: 5, wallClockMs: 1_795_239_055_182.5 }))).toBe(
      'clock 5 1795239055 182500\n',
    );
  });
});

describe('AgentDecoder', () => {
  const stream =
    'hello 1\nout 3 aGk=\nerr 3 aG8=\nexit 3 0\nexit 4 143 detached\nrefused 5 too many\nok 6\n';
  const events: AgentEvent[] = [
    { kind: 'hello', version: 1 },
    { kind: 'output', id: 3, stream: 'stdout', data: new Uint8Array([104, 105]) },
    { kind: 'output', id: 3, stream: 'stderr', data: new Uint8Array([104, 111]) },
    { kind: 'exit', id: 3, status: 0, detached: false },
    { kind: 'exit', id: 4, status: 143, detached: true },
    { kind: 'refused', id: 5, reason: 'too many' },
    { kind: 'ok', id: 6 },
  ];

  it('gives the same events wherever the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length)), (cuts) => {
        const decoder = new AgentDecoder();
        const edges = [0, ...cuts.sort((a, b) => a - b), stream.length];
        const got = edges.flatMap((edge, index) =>
          decoder.push(Buffer.from(stream.slice(edges[index - 1] ?? 0, edge))),
        );
        expect(got).toEqual(events);
        expect(decoder.droppedLines).toBe(0);
      }),
    );
  });

  it('takes any bytes without an error and finds the next good line again', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (noise) => {
        const decoder = new AgentDecoder();
        for (const bytes of noise) decoder.push(bytes);
        decoder.push(Buffer.from('\n'));
        expect(decoder.push(Buffer.from('pong 9\n'))).toEqual([{ kind: 'pong', id: 9 }]);
      }),
    );
  });

  it('keeps nothing of a line without end', () => {
    const decoder = new AgentDecoder();
    for (let sent = 0; sent < 1000; sent += 1) decoder.push(Buffer.alloc(65_536, 'x'));
    expect(decoder.push(Buffer.from('\nok 1\n'))).toEqual([{ kind: 'ok', id: 1 }]);
    expect(decoder.droppedLines).toBe(1);
  });

  it.each(['exit 1 256', 'exit 1', 'out 1 a', 'out 1 !!!!', 'ok 99999999999', 'ok', 'what 1', ''])(
    'drops the line "%s"',
    (line) => {
      const decoder = new AgentDecoder();
      expect(decoder.push(Buffer.from(`${line}\n`))).toEqual([]);
      expect(decoder.droppedLines).toBe(1);
    },
  );
});
