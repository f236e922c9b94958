import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const LINES = 30;

/** The parts of a .cpuprofile that are read here; both runtimes write V8's format. */
interface CpuProfile {
  readonly nodes: readonly { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  readonly samples: readonly number[];
}

/**
 * Prints which functions were found at work, as shares of the samples that were not idle. Samples are counted and not their times:
 * Bun takes none while it waits, and the wait would fall on whatever ran next.
 */
export function printProfiles(title: string, directory: string): void {
  const files = existsSync(directory) ? readdirSync(directory).filter((f) => f.endsWith(".cpuprofile")) : [];
  if (files.length === 0) console.log(`${title}: no profile in '${directory}'`);
  for (const file of files) {
    const path = join(directory, file);
    const self = samplesOf(JSON.parse(readFileSync(path, "utf8")) as CpuProfile);
    const busy = [...self.values()].reduce((a, b) => a + b, 0);
    const top = [...self].sort((a, b) => b[1] - a[1]).slice(0, LINES);
    console.log(`\n${title}: time in functions themselves, ${busy} samples (${path})`);
    for (const [name, count] of top) console.log(`  ${((100 * count) / busy).toFixed(1).padStart(5)} %  ${name}`);
  }
}

function samplesOf(p: CpuProfile): Map<string, number> {
  const names = new Map(p.nodes.map((n) => [n.id, frameName(n.callFrame)]));
  const self = new Map<string, number>();
  for (const id of p.samples) {
    const name = names.get(id)!;
    if (name !== "(idle)") self.set(name, (self.get(name) ?? 0) + 1);
  }
  return self;
}

/** Functions by name and file: a closure has many nodes, and a line is of little use where a runtime compiles. */
function frameName(f: CpuProfile["nodes"][number]["callFrame"]): string {
  const file = f.url.replace(/^.*\/(src|node_modules)\//, "$1/");
  return `${f.functionName === "" ? "(anonymous)" : f.functionName}${file === "" ? "" : `  ${file}:${f.lineNumber + 1}`}`;
}
