/**
 * A guest that makes the hypercalls a test asks it for, one after another: the test writes registers
 * into its mailbox, the guest calls and writes EAX back.
 */
import { Machine } from './machine.ts';
import type { MachineOptions } from './machine.ts';
import type { Paging } from './page-tables.ts';
import { Place, Variable } from './places.ts';
import { tinyGuest } from './tiny-guest.ts';
import type { Struct, FieldTable, FieldsOf, PartialFieldsOf } from '../abi/struct.ts';

/** Words of the mailbox. */
const Mail = { state: 0, eax: 4, ebx: 8, ecx: 12, edx: 16, esi: 20, edi: 24 } as const;
const State = { empty: 0, call: 1, sleep: 2, interrupts: 3 } as const;

const mail = (field: keyof typeof Mail): number => Variable.mailbox + Mail[field];

/** Waits for mail; interrupts stay as the last command left them. */
const guest = (paging: Paging | undefined) =>
  tinyGuest(
    (asm) => {
      asm.label('next').pause();
      asm.load('eax', mail('state')).opValue('cmp', 'eax', State.empty).jumpIf('zero', 'next');
      asm.opValue('cmp', 'eax', State.sleep).jumpIf('zero', 'sleep');
      asm.opValue('cmp', 'eax', State.interrupts).jumpIf('zero', 'interrupts');
      for (const name of ['eax', 'ebx', 'ecx', 'edx', 'esi', 'edi'] as const) {
        asm.load(name, mail(name));
      }
      asm.vmcall().store(mail('eax'), 'eax');
      asm.label('done').storeValue(mail('state'), State.empty).jump('next');
      asm.label('sleep').setInterrupts().halt().jump('done');
      asm.label('interrupts').load('eax', mail('ebx')).opValue('cmp', 'eax', 0);
      asm.jumpIf('zero', 'off').setInterrupts().jump('done');
      asm.label('off').clearInterrupts().jump('done');
    },
    { paging },
  );

type Arguments = readonly [
  first?: number,
  second?: number,
  third?: number,
  fourth?: number,
  fifth?: number,
];

export class Caller {
  readonly machine: Machine;

  private constructor(machine: Machine) {
    this.machine = machine;
  }

  static async start(options: MachineOptions & { paging?: Paging } = {}): Promise<Caller> {
    return new Caller(await Machine.start(guest(options.paging), options));
  }

  /** The same guest in another machine, restored. */
  static of(machine: Machine): Caller {
    return new Caller(machine);
  }

  /** EAX of a hypercall, signed. */
  call(number: number, ...args: Arguments): number {
    const { machine } = this;
    machine.setWord(mail('eax'), number);
    (['ebx', 'ecx', 'edx', 'esi', 'edi'] as const).forEach((name, index) =>
      machine.setWord(mail(name), args[index] ?? 0),
    );
    this.command(State.call);
    return machine.word(mail('eax')) | 0;
  }

  /** A hypercall whose argument is a struct, put at `at`; gives EAX and the struct afterwards. */
  callWith<F extends FieldTable>(
    number: number,
    command: number,
    layout: Struct<F>,
    fields: PartialFieldsOf<F>,
    at: number = Place.arguments,
  ): { result: number } & FieldsOf<F> {
    const { memory } = this.machine.domain;
    memory.bytes.fill(0, at, at + layout.size);
    layout.write(memory.view, at, fields);
    const result = this.call(number, command, at);
    return { result, ...layout.read(memory.view, at) };
  }

  /** The guest halts with interrupts on until one comes; `meanwhile` is called between its slices. */
  sleep(meanwhile?: () => void): void {
    this.command(State.sleep, meanwhile);
  }

  interrupts(on: boolean): void {
    this.machine.setWord(mail('ebx'), Number(on));
    this.command(State.interrupts);
  }

  private command(state: number, meanwhile?: () => void): void {
    const { machine } = this;
    machine.setWord(mail('state'), state);
    machine.runUntil(() => {
      meanwhile?.();
      return machine.ended !== null || machine.word(mail('state')) === State.empty;
    });
    if (machine.word(Variable.fault) !== 0) throw new Error(`the guest took ${faultOf(machine)}`);
  }
}

function faultOf(machine: Machine): string {
  const vector = machine.word(Variable.fault) - 1;
  return `exception ${vector} at 0x${machine.word(Variable.faultAddress).toString(16)}`;
}
