import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CACHE } from "./tools.ts";

const LOCK = join(CACHE, "lock");
const OWNER = join(LOCK, "pid");

/** Two runs at once would measure each other: the second one waits. The lock of a run that is gone counts for nothing. */
export async function lockMachine(tell: (line: string) => void): Promise<void> {
  for (let told = false; !taken(); await Bun.sleep(1000)) {
    if (!told) tell(`waiting for another run to end (process ${owner()})`);
    told = true;
  }
  process.on("exit", () => rmSync(LOCK, { recursive: true, force: true }));
}

function taken(): boolean {
  try {
    mkdirSync(LOCK);
    writeFileSync(OWNER, String(process.pid));
    return true;
  } catch {
    if (!runs(owner())) rmSync(LOCK, { recursive: true, force: true });
    return false;
  }
}

function owner(): number {
  try {
    return Number(readFileSync(OWNER, "latin1"));
  } catch {
    return 0;
  }
}

/** 0: its owner has not written its number yet, or has just left. */
function runs(pid: number): boolean {
  if (pid === 0) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
