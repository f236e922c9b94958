// Adds to package-lock.json the builds for other systems that the registry in use did not serve when the lock was made:
// npm leaves those out, and `npm ci` then refuses the lock on every machine. Run it after `npm install` has changed the lock:
//   node tools/complete_lock.mjs
// Such an entry has the version that its parent pins and no integrity hash, which npm takes as "trust the registry".
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const SYSTEMS = { win32: "win32", windows: "win32", darwin: "darwin", linux: "linux", android: "android", freebsd: "freebsd" };
const CPUS = { x64: "x64", arm64: "arm64", aarch64: "arm64" };
const LIBCS = { musl: "musl", glibc: "glibc" };

const file = join(dirname(dirname(fileURLToPath(import.meta.url))), "package-lock.json");
const lock = JSON.parse(readFileSync(file, "utf8"));
let added = 0;
for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`;
    if (lock.packages[path] !== undefined) continue;
    lock.packages[path] = entryFor(name, version, entry);
    added++;
    console.log(`${path}: added at ${version}`);
  }
}
if (added > 0) {
  const root = lock.packages[""];
  delete lock.packages[""];
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en"));
  lock.packages = { "": root, ...Object.fromEntries(sorted) };
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
}

// The name's parts tell the system: @deno/linux-arm64-glibc, @biomejs/cli-win32-x64.
function entryFor(name, version, parent) {
  const parts = name.slice(name.indexOf("/") + 1).split("-");
  const pick = (table) => parts.map((part) => table[part]).find((found) => found !== undefined);
  const os = pick(SYSTEMS);
  const cpu = pick(CPUS);
  // Biome's and Bun's glibc builds carry no suffix.
  const libc = os === "linux" ? (pick(LIBCS) ?? "glibc") : undefined;
  if (os === undefined || cpu === undefined)
    throw new Error(`add '${name}' to package-lock.json by hand: its name tells no system and CPU`);
  const entry = { version, cpu: [cpu] };
  if (parent.dev) entry.dev = true;
  if (libc !== undefined) entry.libc = [libc];
  return { ...entry, optional: true, os: [os] };
}
