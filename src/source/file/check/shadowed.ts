import type { MatchSpec, ValueMatchSpec } from "../../../config/model.ts";
import type { LoweredRoute } from "../lower/lower_config.ts";
import type { Lowering } from "../lower/lowering.ts";
import { placeOf } from "../source_text.ts";

/** Warns of routes that never win, for an earlier one matches the very same requests. */
export function checkShadowed(routes: readonly LoweredRoute[], to: Lowering): void {
  const first = new Map<string, LoweredRoute>();
  for (const r of routes) {
    const winners = new Set<LoweredRoute>();
    let open = false;
    for (const listener of r.listeners ?? ["*"]) {
      for (const host of r.hosts) {
        for (const m of r.route.match) {
          const key = `${listener} ${host} ${matchKey(m)}`;
          const before = first.get(key) ?? first.get(`* ${host} ${matchKey(m)}`);
          if (before === undefined || before === r) {
            first.set(key, r);
            open = true;
          } else winners.add(before);
        }
      }
    }
    const [winner] = winners;
    if (open || winner === undefined) continue;
    const place = placeOf(winner.item.key);
    to.ownReporter(r.item).warn(
      [],
      `remove or change route ${JSON.stringify(r.route.name)}: it never wins, for ${JSON.stringify(winner.route.name)} at ${place.file}:${place.line}:${place.column} matches the same requests first`,
    );
  }
}

/** Of matches that a load remembers from the one before. */
const keys = new WeakMap<MatchSpec, string>();

function matchKey(m: MatchSpec): string {
  const known = keys.get(m);
  if (known !== undefined) return known;
  const key = newKey(m);
  keys.set(m, key);
  return key;
}

function newKey(m: MatchSpec): string {
  const path = m.path === null ? "" : `${m.path.kind} ${m.path.ignoreCase} ${JSON.stringify(m.path.value)}`;
  return `${path} ${[...m.methods].sort().join()} ${valuesKey(m.headers)} ${valuesKey(m.query)}`;
}

function valuesKey(values: readonly ValueMatchSpec[]): string {
  return values
    .map((v) => JSON.stringify([v.name, v.kind, v.value, v.invert]))
    .sort()
    .join();
}
