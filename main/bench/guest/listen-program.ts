/** A program for guests that changes how many connections wait for a server. */
import { I386Program } from './i386-program.ts';

/**
 * Says `listen` again for another process's listening socket, with another backlog, and ends with 0. It
 * needs the right to trace that process.
 *
 * @param descriptor of the socket, in that process
 */
export function backlogProgram(pid: number, descriptor: number, backlog: number): Buffer {
  return new I386Program()
    .set({ ebx: pid, ecx: 0 })
    .call('pidfd_open')
    .copy('ebx', 'eax')
    .set({ ecx: descriptor, edx: 0 })
    .call('pidfd_getfd')
    .copy('ebx', 'eax')
    .set({ ecx: backlog })
    .call('listen')
    .copy('ebx', 'eax')
    .call('exit')
    .file(0);
}
