/** The guest work that `cpu` times. Each is one line of busybox shell, about half a second long: short, so
 * that many turns fit into a run, and long against the terminal's delay. */
export interface Workload {
  name: string;
  command: string;
}

const times = (count: number, step: string): string =>
  `i=0; while [ $i -lt ${count} ]; do ${step}; i=$((i+1)); done`;

export const WORKLOADS: readonly Workload[] = [
  /** Interpreter: user code with many indirect jumps. */
  { name: 'shell_loop', command: times(4000, ':') },
  /** Arithmetic in a tight loop, pages through a pipe. */
  {
    name: 'md5',
    command: 'dd if=/dev/zero bs=65536 count=80 2>/dev/null | md5sum >/dev/null',
  },
  /** fork, exec, page faults, exit: the kernel's memory management. */
  { name: 'process_starts', command: times(25, '/bin/true') },
  /** Table-driven code over a real binary. */
  { name: 'gzip', command: 'head -c 400000 /bin/busybox | gzip >/dev/null' },
];
