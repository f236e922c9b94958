import { readFileSync } from "node:fs";
import type { ProcessLimitsSpec } from "../config/model.ts";
import type { OsCalls } from "../platform/types.ts";

/** Names or numbers; one of them at least is there. */
type Account = Pick<ProcessLimitsSpec, "user" | "group">;

/** Gives up root after the listeners are bound, when the config names a user or a group. Returns what went wrong; null: done or not asked. */
export function dropPrivileges(spec: ProcessLimitsSpec, os: OsCalls | null): string | null {
  if (spec.user === null && spec.group === null) return null;
  const account = findAccount(spec);
  if (typeof account === "string") return account;
  const { uid, gid } = account;
  if (uid === process.getuid?.() && gid === process.getgid?.()) return null;
  if (os === null) return "this runtime can't change its user here";
  try {
    os.dropPrivileges(uid, gid);
    return null;
  } catch (e) {
    return e instanceof Error ? e.message : String(e);
  }
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** The system's numbers of a user, a group, or both; a string: why there are none. */
export function findAccount({ user: name, group }: Account): { readonly uid: number; readonly gid: number } | string {
  const user = name === null ? null : findUser(name);
  if (name !== null && user === null) return `user "${name}" is not in /etc/passwd`;
  const gid = group === null ? user!.gid : findGroup(group);
  if (gid === null) return `group "${group}" is not in /etc/group`;
  return { uid: user?.uid ?? process.getuid?.() ?? 0, gid };
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
