import type { Domain, Forward, Network } from '../../shared/contract/index.ts';
import type { Notices } from '../tasks/notices.ts';
import { watchedMove } from '../moves/watched-move.ts';
import type { ApiClient } from '../transport/transport.ts';

/**
 * What a person can ask of a domain from anywhere in the window. Each sends one call; a refusal
 * becomes a notice. What happened then shows by itself: the streams tell it.
 */
export class Commands {
  private readonly api: ApiClient;
  private readonly notices: Notices;

  constructor(api: ApiClient, notices: Notices) {
    this.api = api;
    this.notices = notices;
  }

  start(domain: Pick<Domain, 'uuid' | 'name'>): void {
    this.send(`${domain.name} was not started`, this.api.domains.start(ref(domain)));
  }

  pause(domain: Domain): void {
    this.send(`${domain.name} was not paused`, this.api.domains.pause(ref(domain)));
  }

  save(domain: Domain): void {
    this.send(`${domain.name} was not saved`, this.api.domains.save(ref(domain)));
  }

  unpause(domain: Domain): void {
    this.send(`${domain.name} was not resumed`, this.api.domains.unpause(ref(domain)));
  }

  shutdown(domain: Domain): void {
    this.send(`${domain.name} was not shut down`, this.api.domains.shutdown(ref(domain)));
  }

  reboot(domain: Domain): void {
    this.send(`${domain.name} was not rebooted`, this.api.domains.reboot(ref(domain)));
  }

  forceOff(domain: Domain): void {
    this.send(`${domain.name} was not forced off`, this.api.domains.destroy(ref(domain)));
  }

  delete(domain: Domain): void {
    this.send(
      `${domain.name} was not deleted`,
      this.api.domains.delete({ ...ref(domain), force: domain.domid !== null }),
    );
  }

  undelete(uuid: string): void {
    this.send('The deletion was not taken back', this.api.domains.undelete({ domain: uuid }));
  }

  migrate(domain: Pick<Domain, 'uuid' | 'name'>, host: string): void {
    const begun = this.api.domains.migrate({ ...ref(domain), host });
    this.send(
      `${domain.name} was not moved to ${host}`,
      begun.then(({ id }) => watchedMove.set(id)),
    );
  }

  protect(domain: Pick<Domain, 'uuid' | 'name'>, host: string): void {
    this.send(
      `${domain.name} was not protected on ${host}`,
      this.api.domains.protect({ ...ref(domain), host }),
    );
  }

  unprotect(domain: Pick<Domain, 'uuid' | 'name'>): void {
    this.send(
      `The protection of ${domain.name} was not ended`,
      this.api.domains.unprotect(ref(domain)),
    );
  }

  revert(domain: Domain, checkpoint: string, label: string): void {
    this.send(
      `${domain.name} was not reverted to “${label}”`,
      this.api.checkpoints.revert({ ...ref(domain), checkpoint }),
    );
  }

  deleteCheckpoint(domain: Domain, checkpoint: string, label: string): void {
    this.send(
      `The checkpoint “${label}” was not deleted`,
      this.api.checkpoints.remove({ ...ref(domain), checkpoint }),
    );
  }

  cancelTask(id: string): void {
    this.send('The task was not cancelled', this.api.tasks.cancel({ id }));
  }

  removeHost(host: string): void {
    this.send(`${host} was not removed`, this.api.hosts.remove({ host }));
  }

  /** All domains that can go elsewhere do; the task says which. */
  drainHost(host: string): void {
    this.send(`${host} was not drained`, this.api.hosts.drain({ host }));
  }

  undrainHost(host: string): void {
    this.send(`${host} takes no domains yet`, this.api.hosts.undrain({ host }));
  }

  removeImage(image: string): void {
    this.send(`${image} was not deleted`, this.api.images.remove({ image }));
  }

  removePool(pool: string): void {
    this.send(`The pool ${pool} was not removed`, this.api.pools.remove({ pool }));
  }

  removeVolume(pool: string, volume: string): void {
    this.send(`${pool}/${volume} was not deleted`, this.api.volumes.remove({ pool, volume }));
  }

  setNetwork(
    network: string,
    change: Pick<Network, 'kind'> | Pick<Network, 'reachesMachine'>,
  ): void {
    this.send(`${network} was not changed`, this.api.networks.set({ network, ...change }));
  }

  removeNetwork(network: string): void {
    this.send(`${network} was not removed`, this.api.networks.remove({ network }));
  }

  removeForward({ port, protocol }: Forward): void {
    this.send(
      `The forward of port ${port} was not removed`,
      this.api.forwards.remove({ port, protocol }),
    );
  }

  stopCapture(id: string): void {
    this.send('The capture was not stopped', this.api.captures.stop({ id }));
  }

  private send(failure: string, call: Promise<unknown>): void {
    call.catch((error: unknown) => this.notices.failed(failure, error));
  }
}

/** By UUID: names may change between the click and the call. */
function ref(domain: Pick<Domain, 'uuid'>): { domain: string } {
  return { domain: domain.uuid };
}
