// Exits 0 when node_modules holds what package-lock.json asks for on this machine, 1 with a line for each gap otherwise.
// Plain JavaScript, run by Node: it decides whether the pinned runtimes have to be fetched.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = process.argv[2] ?? ".";
const wanted = packagesOf(join(root, "package-lock.json"));
const present = packagesOf(join(root, "node_modules", ".package-lock.json"));
const gaps = [];
for (const [path, entry] of Object.entries(wanted)) {
  if (path === "") continue;
  const found = present[path];
  if (found === undefined) {
    // Builds for other systems are optional, and npm leaves them out.
    if (!entry.optional) gaps.push(`${path}: not installed`);
  } else if (found.version !== entry.version || found.integrity !== entry.integrity) {
    gaps.push(`${path}: ${found.version} installed, ${entry.version} wanted`);
  } else if (!existsSync(join(root, path, "package.json"))) {
    gaps.push(`${path}: its files are gone`);
  }
}
for (const gap of gaps) console.log(gap);
process.exitCode = gaps.length === 0 ? 0 : 1;

function packagesOf(file) {
  return JSON.parse(readFileSync(file, "utf8")).packages;
}
