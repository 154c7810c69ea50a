/** Guest images: built from Debian's packages, or a person's own; kept in a cache of checked files. */
export { sourceAssets, type ImageAssets } from './assets.ts';
export type { RunOptions } from './debian/source.ts';
export { publicMirror } from './debian/suite.ts';
export type { Image, ImageFinding } from './image-folder.ts';
export { ImageStore, type BuildRequest, type ImageStoreOptions } from './image-store.ts';
export type { ImportRequest } from './import-image.ts';
export type { InitrdCompression } from './initramfs/assemble.ts';
export type { BuildRecord, ImageManifest } from './manifest.ts';
export type { SourceSettings } from './package-sources.ts';
export type { ImageProgress, ProgressListener } from './progress.ts';
export type { ImageFile } from './recipe.ts';
