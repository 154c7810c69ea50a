/**
 * Which clusters of the file hold the format's own tables. Data never goes there, whatever a damaged or
 * forged table says.
 */
export class MetadataClusters {
  private readonly clusterBytes: number;
  private readonly clusters = new Set<number>([0]);

  constructor(clusterBytes: number) {
    this.clusterBytes = clusterBytes;
  }

  has(cluster: number): boolean {
    return this.clusters.has(cluster);
  }

  /** @param offset in bytes, a multiple of the cluster size. False: some of it is taken already. */
  add(offset: number, bytes: number): boolean {
    const first = offset / this.clusterBytes;
    const end = first + Math.ceil(bytes / this.clusterBytes);
    let free = true;
    for (let cluster = first; cluster < end; cluster++) {
      free &&= !this.clusters.has(cluster);
      this.clusters.add(cluster);
    }
    return free;
  }

  delete(offset: number, bytes: number): void {
    const first = offset / this.clusterBytes;
    const end = first + Math.ceil(bytes / this.clusterBytes);
    for (let cluster = first; cluster < end; cluster++) this.clusters.delete(cluster);
  }
}
