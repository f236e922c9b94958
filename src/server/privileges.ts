import { readFileSync } from "node:fs";
import type { ProcessLimitsSpec } from "../config/model.ts";
import type { OsCalls } from "../platform/types.ts";

/** Gives up root after the listeners are bound, when the config names a user or a group. Returns what went wrong; null: done or not asked. */
export function dropPrivileges(spec: ProcessLimitsSpec, os: OsCalls | null): string | null {
  if (spec.user === null && spec.group === null) return null;
  const user = spec.user === null ? null : findUser(spec.user);
  if (spec.user !== null && user === null) return `user "${spec.user}" is not in /etc/passwd`;
  const gid = spec.group === null ? user!.gid : findGroup(spec.group);
  if (gid === null) return `group "${spec.group}" is not in /etc/group`;
  const uid = user?.uid ?? process.getuid?.() ?? 0;
  if (uid === process.getuid?.() && gid === process.getgid?.()) return null;
  if (os === null) return "this runtime can't change its user here";
  try {
    os.dropPrivileges(uid, gid);
    return null;
  } catch (e) {
    return e instanceof Error ? e.message : String(e);
  }
}

function findUser(name: string): { readonly uid: number; readonly gid: number } | null {
  for (const row of rows("/etc/passwd")) {
    if (row[0] === name || row[2] === name) return { uid: Number(row[2]), gid: Number(row[3]) };
  }
  // A number needs no entry, as in containers.
  return /^\d+$/.test(name) ? { uid: Number(name), gid: Number(name) } : null;
}

function findGroup(name: string): number | null {
  for (const row of rows("/etc/group")) if (row[0] === name || row[2] === name) return Number(row[2]);
  return /^\d+$/.test(name) ? Number(name) : null;
}

function rows(file: string): string[][] {
  try {
    return readFileSync(file, "utf8")
      .split("\n")
      .map((line) => line.split(":"));
  } catch {
    return [];
  }
}
