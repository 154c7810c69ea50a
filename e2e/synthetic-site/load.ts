/** Figures that look like work: each domain wanders about a level of its own, with bursts. */
import type { Domain, DomainSample, Host } from '../../shared/contract/index.ts';
import type { Random } from './random.ts';
import type { Traffic } from './traffic.ts';

interface Level {
  percent: number;
  readonly usual: number;
  cpuTimeMs: number;
}

export class Load {
  readonly #levels = new Map<string, Level>();
  readonly #random: Random;
  readonly #traffic: Traffic;

  constructor(random: Random, traffic: Traffic) {
    this.#random = random;
    this.#traffic = traffic;
  }

  sample(domain: Domain): DomainSample {
    const percent = domain.state === 'running' ? this.#advance(domain) : 0;
    const level = this.#level(domain);
    level.cpuTimeMs += percent * 10;
    return {
      uuid: domain.uuid,
      cpuPercent: percent,
      cpuTimeMs: Math.round(level.cpuTimeMs),
      memory: domain.memory,
      hypercallsPerSecond: Math.round(percent * 140 + this.#random.next() * 60 * percent),
      eventsPerSecond: Math.round(percent * 22 + this.#random.next() * 9 * percent),
      disks: this.#traffic.disks(domain),
      interfaces: this.#traffic.interfaces(domain),
    };
  }

  hostPercent(host: Host, domains: Iterable<Domain>): number {
    let sum = 0;
    for (const domain of domains) {
      if (domain.host === host.name && domain.state === 'running') {
        sum += this.#level(domain).percent;
      }
    }
    return Math.min(100, sum / host.pcpus);
  }

  #advance(domain: Domain): number {
    const level = this.#level(domain);
    const burst = this.#random.next() < 0.04 ? this.#random.next() * 55 : 0;
    const pull = (level.usual - level.percent) * 0.3;
    const noise = (this.#random.next() - 0.5) * Math.max(2, level.usual * 0.5);
    level.percent = Math.min(100, Math.max(0.2, level.percent + pull + noise + burst));
    return Math.round(level.percent * 10) / 10;
  }

  #level(domain: Domain): Level {
    let level = this.#levels.get(domain.uuid);
    if (level === undefined) {
      const usual = domain.isDomain0 ? 3 : 1 + this.#random.next() ** 3 * 40;
      level = { percent: usual, usual, cpuTimeMs: this.#random.integer(1000, 900_000) };
      this.#levels.set(domain.uuid, level);
    }
    return level;
  }
}
