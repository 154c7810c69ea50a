import { useEffect, useState } from 'react';
import { IconButton } from './button.tsx';

const SAID_MS = 1500;

interface Props {
  readonly text: string;
  /** What the button is called: “Copy the MAC address”. */
  readonly label: string;
}

/** Puts a text into the clipboard and says so for a moment. */
export function CopyButton({ text, label }: Props) {
  const [isCopied, setIsCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setIsCopied(false), SAID_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  return (
    <IconButton
      icon={isCopied ? 'check' : 'copy'}
      size="small"
      label={isCopied ? 'Copied' : label}
      onPress={() => void navigator.clipboard.writeText(text).then(() => setIsCopied(true))}
    />
  );
}
