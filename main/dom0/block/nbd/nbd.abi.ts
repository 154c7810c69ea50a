/** The Network Block Device protocol (the NBD project's doc/proto.md), as a client needs it. Big-endian. */

/** "NBDMAGIC", "IHAVEOPT": how a newstyle server begins. */
export const NBD_MAGIC = 0x4e42444d41474943n;
export const OPTION_MAGIC = 0x49484156454f5054n;
export const OPTION_REPLY_MAGIC = 0x3e889045565a9n;
export const REQUEST_MAGIC = 0x25609513;
export const SIMPLE_REPLY_MAGIC = 0x67446698;

/** Two u64, then u16 of HandshakeFlag. */
export const GREETING_BYTES = 18;
/** u64 magic, u32 option, u32 type, u32 length of what follows. */
export const OPTION_REPLY_BYTES = 20;
/** u32 magic, u32 error, u64 cookie. */
export const SIMPLE_REPLY_BYTES = 16;
/** u32 magic, u16 flags, u16 type, u64 cookie, u64 offset, u32 length. */
export const REQUEST_BYTES = 28;

export const HandshakeFlag = { fixedNewstyle: 1, noZeroes: 2 } as const;
export const Option = { go: 7 } as const;
export const OptionReply = { ack: 1, info: 3, firstError: 0x80000000 } as const;
export const Info = { export: 0, blockSize: 3 } as const;
export const TransmissionFlag = {
  hasFlags: 1 << 0,
  readOnly: 1 << 1,
  flush: 1 << 2,
  trim: 1 << 5,
} as const;
export const Command = { read: 0, write: 1, disconnect: 2, flush: 3, trim: 4 } as const;
export type Command = (typeof Command)[keyof typeof Command];

/** Errors that are told apart: Linux's numbers. */
export const NbdError = { permission: 1, noSpace: 28, shutdown: 108 } as const;

/** What every server takes without having said so. */
export const MAX_PAYLOAD_BYTES = 32 * 2 ** 20;
export const MAX_EXPORT_NAME_BYTES = 4096;
