/** Times a function of `calls` operations: nanoseconds an operation, the best round (a quiet machine's figure), the median and the ninth decile. */
export function measure(name: string, calls: number, run: () => number): void {
  const rounds: number[] = [];
  let sink = 0;
  for (let i = 0; i < WARM; i++) sink += run();
  for (let i = 0; i < ROUNDS; i++) {
    const from = performance.now();
    sink += run();
    rounds.push(((performance.now() - from) * 1e6) / calls);
  }
  print(name, rounds, sink);
}

/** The same of what takes turns. */
export async function measureAsync(name: string, calls: number, run: () => Promise<number>): Promise<void> {
  const rounds: number[] = [];
  let sink = 0;
  for (let i = 0; i < WARM; i++) sink += await run();
  for (let i = 0; i < ROUNDS; i++) {
    const from = performance.now();
    sink += await run();
    rounds.push(((performance.now() - from) * 1e6) / calls);
  }
  print(name, rounds, sink);
}

const WARM = 10;
const ROUNDS = 31;

function print(name: string, rounds: number[], sink: number): void {
  rounds.sort((a, b) => a - b);
  const [best, mid, ninth] = [rounds[0]!, rounds[15]!, rounds[27]!].map((n) => n.toFixed(1).padStart(8));
  // The sum is printed so that no run can be left out as unused.
  console.log(`${name.padEnd(44)} best ${best}  median ${mid}  p90 ${ninth} ns   [${Math.round(sink) % 1000}]`);
}
