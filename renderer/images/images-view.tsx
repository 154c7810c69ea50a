import type { Image } from '../../shared/contract/schemas.ts';
import { overlay } from '../app/overlays.ts';
import { Button, IconButton } from '../design/button.tsx';
import { Empty } from '../design/empty.tsx';
import { fileSize, size } from '../design/format.ts';
import styles from '../design/page.module.css';
import { Ago } from '../design/time.tsx';
import { useImages } from '../site/queries.ts';
import { useSite } from '../site/site.ts';

/** What domains are made from. */
export function ImagesView() {
  const images = useImages() ?? [];
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1>Images</h1>
        <ImageButtons />
      </div>
      {images.length === 0 ? (
        <Empty icon="image" title="No images yet">
          <p>Build one from Debian’s packages, or import a kernel or a disk of your own.</p>
        </Empty>
      ) : (
        <div className={styles.scrolls}>
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Kernel</th>
                <th scope="col">Size</th>
                <th scope="col">Root disk</th>
                <th scope="col">Starts at once with</th>
                <th scope="col">Made</th>
                <td />
              </tr>
            </thead>
            <tbody>
              {images.map((image) => (
                <ImageRow key={image.id} image={image} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}

function ImageButtons() {
  return (
    <>
      <Button onPress={() => overlay.set({ kind: 'import-image' })}>Import…</Button>
      <Button kind="primary" onPress={() => overlay.set({ kind: 'build-image' })}>
        Build…
      </Button>
    </>
  );
}

function ImageRow({ image }: { readonly image: Image }) {
  const { commands } = useSite();
  return (
    <tr>
      <th scope="row">
        {image.name}
        {image.isDefault && <span className={styles.muted}> (default)</span>}
      </th>
      <td className={styles.wraps}>
        {image.kernelVersion} <code className={styles.muted}>{image.cmdline}</code>
      </td>
      <td>{fileSize(image.sizeBytes)}</td>
      <td>{image.diskBytes === null ? 'none' : size(image.diskBytes)}</td>
      <td>
        {image.goldenMiB.length === 0
          ? 'none yet'
          : `${image.goldenMiB.toSorted((a, b) => a - b).join(', ')} MiB`}
      </td>
      <td>
        {image.kind}, <Ago timeMs={image.createdAtMs} />
      </td>
      <td>
        <IconButton
          icon="trash"
          label={`Delete ${image.name}`}
          onPress={() => commands.removeImage(image.id)}
        />
      </td>
    </tr>
  );
}
