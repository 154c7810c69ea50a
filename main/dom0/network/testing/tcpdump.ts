/** Lets tcpdump judge frames: it knows nothing of our codecs. */
import { spawnSync } from 'node:child_process';
import { PcapEncoder } from '../capture/pcap.ts';

/** What `tcpdump -vv` says about each of the frames. */
export function dissect(frames: readonly Uint8Array[]): string {
  const encoder = new PcapEncoder();
  const parts = [encoder.header(), ...frames.map((frame, index) => encoder.record(frame, index))];
  return dissectFile(Buffer.concat(parts));
}

/** @throws when tcpdump does not accept the file */
export function dissectFile(pcap: Uint8Array): string {
  const args = ['-r', '-', '-n', '-e', '-vv', '-tt'];
  const { status, stdout, stderr, error } = spawnSync('tcpdump', args, { input: pcap });
  if (error) throw error;
  if (status !== 0) throw new Error(`tcpdump: ${stderr.toString()}`);
  return stdout.toString();
}
