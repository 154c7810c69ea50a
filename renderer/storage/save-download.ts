/** Beyond this a file is written as it comes, where the browser can do so. */
const STREAMED_BYTES = 256 * 2 ** 20;

interface PickedFile {
  createWritable(): Promise<WritableStream<Uint8Array>>;
}
type PickFile = (options: { suggestedName: string }) => Promise<PickedFile>;

/**
 * Asks where a large file shall go, at once: later the browser takes it for unasked. A small one
 * goes where downloads go.
 *
 * @returns null when the person thought better of it.
 */
export async function downloadSaver(
  name: string,
  bytes: number,
): Promise<((answer: Response) => Promise<void>) | null> {
  const pick = (window as { showSaveFilePicker?: PickFile }).showSaveFilePicker;
  if (bytes < STREAMED_BYTES || pick === undefined) return (answer) => saveBlob(name, answer);
  try {
    const picked = await pick({ suggestedName: name });
    return async (answer) => {
      if (answer.body !== null) await answer.body.pipeTo(await picked.createWritable());
    };
  } catch {
    return null;
  }
}

async function saveBlob(name: string, answer: Response): Promise<void> {
  const url = URL.createObjectURL(await answer.blob());
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken what it needs by the time of the next task.
  setTimeout(() => URL.revokeObjectURL(url));
}
