/** Times a function of `calls` operations: nanoseconds an operation, the best round (a quiet machine's figure), the median and the ninth decile. */
export function measure(name: string, calls: number, run: () => number): void {
  const rounds: number[] = [];
  let sink = 0;
  for (let i = 0; i < 10; i++) sink += run();
  for (let i = 0; i < 31; i++) {
    const from = performance.now();
    sink += run();
    rounds.push(((performance.now() - from) * 1e6) / calls);
  }
  rounds.sort((a, b) => a - b);
  const [best, mid, ninth] = [rounds[0]!, rounds[15]!, rounds[27]!].map((n) => n.toFixed(1).padStart(8));
  // The sum is printed so that no run can be left out as unused.
  console.log(`${name.padEnd(44)} best ${best}  median ${mid}  p90 ${ninth} ns   [${Math.round(sink) % 1000}]`);
}
