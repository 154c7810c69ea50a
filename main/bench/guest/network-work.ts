/** What `net` does between two guests on one network. */
import type { Machine } from '../peers/machine.ts';
import { MachineError } from '../peers/machine.ts';
import { median } from '../statistics/statistics.ts';
import { GuestShell } from './guest-shell.ts';

/** What an interface is known by. */
export interface Addresses {
  readonly mac: string;
  readonly address: string;
}

/** A guest with a network interface. */
export interface Station extends Addresses {
  /** Of the machine: `domus`, `v86`, `qemu`. */
  readonly name: string;
  /** Runs one line of shell and gives what it printed. */
  run(command: string): Promise<string>;
  pause(): Promise<void>;
  resume(): Promise<void>;
}

export type Pair = readonly [Station, Station];

const PORT = 5000;
const PINGS = 100;
const RECEIVED = 'cat /sys/class/net/eth0/statistics/rx_bytes';

/** Takes the guest's shell over and configures its interface. @param name of the pair */
export async function openStation(
  name: string,
  machine: Machine,
  addresses: Addresses,
): Promise<Station> {
  const shell = await GuestShell.open(machine);
  const station: Station = {
    name,
    ...addresses,
    run: async (command) => (await shell.run(command)).output,
    pause: () => machine.pause(),
    resume: () => machine.resume(),
  };
  await setUpNetwork(shell, addresses);
  return station;
}

/**
 * Gives `eth0` its MAC (v86's card draws one of its own) and address, in place of the image's DHCP
 * client, which would ask for ever where nobody answers.
 */
export async function setUpNetwork(shell: GuestShell, { address, mac }: Addresses): Promise<void> {
  const run = (command: string): Promise<unknown> => shell.run(command);
  // Nothing in the image looks for cards that were there at boot.
  await run('modprobe -a virtio_pci virtio_net 2>/dev/null');
  const client = '/run/domus-dhcp/eth0.pid';
  await run(`until [ -s ${client} ]; do sleep 0.1; done; kill $(cat ${client})`);
  await run('ip link set eth0 down; ip addr flush dev eth0');
  const set = `[ $(cat /sys/class/net/eth0/address) = ${mac} ] || ip link set eth0 address ${mac}`;
  await run(`${set}; ip addr add ${address}/24 dev eth0; ip link set eth0 up`);
}

/**
 * Seconds in which `mib` go over one TCP connection from the first to the second, program to program:
 * `nc` becomes the program that writes, or reads, 64 KiB at a time.
 *
 * @throws MachineError when not all of it arrived
 */
export async function sendTcp([from, to]: Pair, mib: number): Promise<number> {
  const before = Number(await to.run(RECEIVED));
  const received = to.run(`nc -l -p ${PORT} -e /bin/dd of=/dev/null bs=64k 2>/dev/null`);
  const send = `nc ${to.address} ${PORT} -e /bin/dd if=/dev/zero bs=64k count=${mib * 16}`;
  const startMs = performance.now();
  // Until the other one listens.
  await from.run(`until ${send} 2>/dev/null; do sleep 0.01; done`);
  await received;
  const seconds = (performance.now() - startMs) / 1000;
  const bytes = Number(await to.run(RECEIVED)) - before;
  if (bytes >= mib * 2 ** 20) return seconds;
  throw new MachineError(`${from.name}: of ${mib} MiB only ${bytes} bytes arrived`);
}

/** Median time from a ping to its answer, by the guest's clock, microseconds. */
export async function roundTripUs([from, to]: Pair): Promise<number> {
  const times = pingTimesUs(await from.run(`ping -c ${PINGS} -i 0.02 ${to.address}`));
  if (times.length < PINGS / 2) {
    throw new MachineError(`${from.name}: only ${times.length} of ${PINGS} pings were answered`);
  }
  return median(times);
}

/** Of busybox's `ping`: `64 bytes from …: seq=0 ttl=64 time=0.412 ms`. */
export function pingTimesUs(output: string): number[] {
  return [...output.matchAll(/ time=([\d.]+) ms/g)].map(([, ms]) => Number(ms) * 1000);
}
