/** What went through a stream, as both of its ends count it. */
export interface StreamReport {
  /** Of the whole stream, headers and end record included. */
  bytes: number;
  /** All records, config and end included. */
  records: number;
  /** Pages whose bytes were sent; a page sent twice counts twice. */
  dataPages: number;
  /** SHA-256 of the preamble and all record headers, hexadecimal: the stream's fingerprint. */
  digest: string;
}
