/** A process of its own that wants an image: started by tests with the store's options as JSON. */
import { ImageStore, type ImageStoreOptions } from '../image-store.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as ImageStoreOptions;
const image = await new ImageStore(options).ensure();
process.send?.(image.manifest.id);
process.disconnect();
