/**
 * The numbers of the guest interface that must not be mixed up. A brand says what a number names,
 * never that it was checked: one that came from a guest is as hostile as before.
 *
 * Each constructor converts as C's assignment to Xen's type would, so that a register read as a
 * signed 32-bit value is safe to pass.
 */

declare const brand: unique symbol;
type Branded<Name extends string> = number & { readonly [brand]: Name };

/** `domid_t`, 16 bits. From 0x7FF0 upwards reserved: see `ReservedDomId`. */
export type DomId = Branded<'DomId'>;
export const DomId = (value: number): DomId => (value & 0xffff) as DomId;

/** Index of a virtual CPU in its domain. */
export type VcpuId = Branded<'VcpuId'>;
export const VcpuId = (value: number): VcpuId => (value >>> 0) as VcpuId;

/** `evtchn_port_t`: index of an event channel in its domain; 0 is never valid. */
export type EventPort = Branded<'EventPort'>;
export const EventPort = (value: number): EventPort => (value >>> 0) as EventPort;

/** `grant_ref_t`: index of an entry in the granting domain's grant table. */
export type GrantRef = Branded<'GrantRef'>;
export const GrantRef = (value: number): GrantRef => (value >>> 0) as GrantRef;

/** Guest frame number: guest-physical address divided by the page size (`xen_pfn_t`, 32 bits). */
export type Gfn = Branded<'Gfn'>;
export const Gfn = (value: number): Gfn => (value >>> 0) as Gfn;

/** An address that only the guest's page tables give a meaning, 32 bits. */
export type GuestVirtualAddress = Branded<'GuestVirtualAddress'>;
export const GuestVirtualAddress = (value: number): GuestVirtualAddress =>
  (value >>> 0) as GuestVirtualAddress;

/** Guest-physical address; with PAE more than 32 bits, so never use 32-bit operators on it. */
export type GuestPhysicalAddress = Branded<'GuestPhysicalAddress'>;
export const GuestPhysicalAddress = (value: number): GuestPhysicalAddress =>
  value as GuestPhysicalAddress;

export const PAGE_SHIFT = 12;
export const PAGE_SIZE = 4096;

/** First byte of a frame. */
export const gfnToAddress = (gfn: Gfn): GuestPhysicalAddress =>
  GuestPhysicalAddress(gfn * PAGE_SIZE);

/** Frame that holds a byte. */
export const addressToGfn = (address: GuestPhysicalAddress): Gfn =>
  Gfn(Math.floor(address / PAGE_SIZE));
