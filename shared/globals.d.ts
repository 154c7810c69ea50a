/**
 * What every runtime this code meets has (Node, browser, worker), and the language's own library
 * does not declare. Only this project sees the file: the others have the full declarations.
 */
declare class TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>;
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(bytes?: Uint8Array, options?: { stream?: boolean }): string;
}
declare class AbortSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
declare class AbortController {
  readonly signal: AbortSignal;
  abort(): void;
}
type Timer = { readonly domusTimer: unique symbol };
declare function setTimeout(run: () => void, delayMs: number): Timer;
declare function clearTimeout(timer: Timer | undefined): void;
