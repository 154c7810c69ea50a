/** Starts that a guest's own end brings about, so that who asked for the end can wait for them. */
export class Restarts {
  private readonly going = new Map<string, Promise<void>>();

  /** `work` never rejects here: its task tells how it went. */
  begin(uuid: string, work: Promise<void>): void {
    const settled = work
      .catch(() => {})
      .finally(() => {
        if (this.going.get(uuid) === settled) this.going.delete(uuid);
      });
    this.going.set(uuid, settled);
  }

  /** Settles once no restart of this domain is going on. */
  async over(uuid: string): Promise<void> {
    await this.going.get(uuid);
  }
}
