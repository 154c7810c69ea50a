/**
 * The ACPI fixed hardware a guest uses to switch itself off or to reset, and the general-purpose
 * event that tells it its generation id changed (ACPI 6.4, 4.8). HVM Linux powers off here, not by
 * hypercall.
 */
import type { Engine } from './engine/engine.ts';
import { AcpiPort, GENERATION_ID_GPE, SCI_IRQ, SLEEP_TYPE_OFF } from './builder/acpi-tables.ts';

const SLEEP_ENABLE = 1 << 13;
const SLEEP_TYPE_SHIFT = 10;
const SCI_ENABLE = 1;
const GPE_BYTES = 2;
/** Of the reset port: resets at once. The emulated chipset itself asks for two writes. */
const RESET_NOW = 1 << 2;

export interface AcpiPowerState {
  control: number;
  gpeStatus: number[];
  gpeEnable: number[];
}

export class AcpiPower {
  private readonly engine: Engine;
  private control = SCI_ENABLE;
  private gpeStatus = new Array<number>(GPE_BYTES).fill(0);
  private gpeEnable = new Array<number>(GPE_BYTES).fill(0);

  constructor(engine: Engine, on: { off(): void; reset(): void }) {
    this.engine = engine;
    const { ports } = engine;
    ports.onRead(AcpiPort.pm1Control, {
      read8: () => this.control & 0xff,
      read16: () => this.control,
    });
    ports.onWrite(AcpiPort.pm1Control, {
      write16: (value) => {
        this.control = (value & ~SLEEP_ENABLE) | SCI_ENABLE;
        const type = (value >> SLEEP_TYPE_SHIFT) & 7;
        if (value & SLEEP_ENABLE && type === SLEEP_TYPE_OFF) on.off();
      },
    });
    ports.onWrite(AcpiPort.reset, {
      write8: (value) => {
        if (value & RESET_NOW) on.reset();
      },
    });
    for (let index = 0; index < GPE_BYTES; index++) this.decodeGpe(index);
  }

  /** The generation id changed: raise its event, whether or not the guest listens yet. */
  signalGenerationId(): void {
    const [index, bit] = [GENERATION_ID_GPE >> 3, 1 << (GENERATION_ID_GPE & 7)];
    this.gpeStatus[index]! |= bit;
    if (this.gpeEnable[index]! & bit) this.engine.pulseLine(SCI_IRQ);
  }

  save(): AcpiPowerState {
    const { control, gpeStatus, gpeEnable } = this;
    return { control, gpeStatus: [...gpeStatus], gpeEnable: [...gpeEnable] };
  }

  restore(state: AcpiPowerState): void {
    this.control = state.control;
    this.gpeStatus = state.gpeStatus.slice(0, GPE_BYTES);
    this.gpeEnable = state.gpeEnable.slice(0, GPE_BYTES);
  }

  private decodeGpe(index: number): void {
    const { ports } = this.engine;
    ports.onRead(AcpiPort.gpe0 + index, { read8: () => this.gpeStatus[index]! });
    ports.onRead(AcpiPort.gpe0 + GPE_BYTES + index, { read8: () => this.gpeEnable[index]! });
    ports.onWrite(AcpiPort.gpe0 + index, {
      // A one clears the event.
      write8: (value) => (this.gpeStatus[index]! &= ~value),
    });
    ports.onWrite(AcpiPort.gpe0 + GPE_BYTES + index, {
      write8: (value) => {
        this.gpeEnable[index] = value & 0xff;
        if (this.gpeStatus[index]! & this.gpeEnable[index]!) this.engine.pulseLine(SCI_IRQ);
      },
    });
  }
}
