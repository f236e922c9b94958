export interface LevelHealth {
  readonly hosts: number;
  readonly healthy: number;
}

export interface LevelLoad {
  /** Per cent of the requests; the sum over all levels is 100. */
  readonly load: number;
  /** Too few hosts are healthy: all of them take traffic. */
  readonly panic: boolean;
}

/**
 * How requests are spread over levels of priority, in Envoy's whole per cents (upstream/load_balancing/priority and panic_threshold in its
 * docs): a level is worth min(100, overprovisioning × its healthy share) and takes that much of what the levels before it have left over.
 * While the levels together are worth less than 100, one below the threshold panics; when all do, hosts count, healthy or not.
 * `levels`: the highest first, none empty, one at least.
 */
export function priorityLoads(levels: readonly LevelHealth[], overprovisioning: number, panicThreshold: number): LevelLoad[] {
  // Envoy's factor and threshold are whole per cents; a product such as 1.4 × 100 must not fall short of them.
  const factor = Math.round(overprovisioning * 100);
  const threshold = Math.min(100, Math.round(panicThreshold * 100));
  const worths = levels.map((l) => Math.min(100, Math.floor((factor * l.healthy) / l.hosts)));
  const total = Math.min(
    100,
    worths.reduce((a, b) => a + b, 0),
  );
  if (total === 0 && threshold === 0) return levels.map((_, i) => ({ load: i === 0 ? 100 : 0, panic: false }));
  const panics = levels.map((l) => total < 100 && (100 * l.healthy) / l.hosts < threshold);
  const loads = panics.every(Boolean) ? loadsByHosts(levels) : loadsByWorth(worths, total);
  return loads.map((load, i) => ({ load, panic: panics[i]! }));
}

function loadsByWorth(worths: readonly number[], total: number): number[] {
  let left = 100;
  const loads = worths.map((worth) => {
    const load = Math.min(left, Math.floor((worth * 100) / total));
    left -= load;
    return load;
  });
  // What rounding leaves over is the first one's that has anything.
  loads[worths.findIndex((w) => w > 0)]! += left;
  return loads;
}

function loadsByHosts(levels: readonly LevelHealth[]): number[] {
  const sum = levels.reduce((n, l) => n + l.hosts, 0);
  const loads = levels.map((l) => Math.floor((100 * l.hosts) / sum));
  loads[0]! += 100 - loads.reduce((a, b) => a + b);
  return loads;
}
