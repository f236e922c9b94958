/** Addresses of one host, the preferred family first. */
export type AddressPair = readonly [string] | readonly [v6: string, v4: string];

/**
 * Makes hosts of a name's answers: the n-th IPv6 and the n-th IPv4 address are one host, those without a counterpart are hosts of their own.
 * Servers rotate their answers, so the order is the sorted one, and pairs of `before` whose addresses are both still there stay together:
 * a host keeps its connections when a neighbour comes or goes.
 */
export function pairFamilies(v6: readonly string[], v4: readonly string[], before: readonly AddressPair[]): AddressPair[] {
  const left6 = new Set([...v6].sort());
  const left4 = new Set([...v4].sort());
  const pairs: AddressPair[] = [];
  for (const pair of before) {
    if (pair.length !== 2 || !left6.has(pair[0]) || !left4.has(pair[1])) continue;
    left6.delete(pair[0]);
    left4.delete(pair[1]);
    pairs.push(pair);
  }
  const rest4 = [...left4];
  let n = 0;
  for (const a of left6) pairs.push(n < rest4.length ? [a, rest4[n++]!] : [a]);
  for (; n < rest4.length; n++) pairs.push([rest4[n]!]);
  return pairs;
}
