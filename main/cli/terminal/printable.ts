/**
 * Text from guests and from other programs, made harmless for a terminal: control characters (but
 * for tabs and line feeds) show as `\xNN` instead of moving the cursor or answering as a keyboard.
 */
export function printable(text: string): string {
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, (char) => {
    return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
