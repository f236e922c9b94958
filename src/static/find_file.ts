import type { StaticSpec } from "../config/model.ts";
import type { FileTree, OpenFile } from "../platform/types.ts";
import { type Coding, SUFFIX } from "./choose_codings.ts";
import type { StaticPath } from "./static_path.ts";

/** A file that is open, and that whoever gets it has to close. */
export interface Found {
  readonly file: OpenFile;
  /** Its last name, which tells its type. */
  readonly name: string;
  /** null: as it is. */
  readonly coding: Coding | null;
}

/** `slash`: it is a folder, asked for without one. `listing`: a folder without an index that may be shown. */
export type Finding = Found | "slash" | "listing" | "absent" | "refused";

/** What a path stands for. `codings`: what the client takes, best first; a file of such a name beside the one asked for is sent instead. */
export async function findFile(
  files: FileTree,
  spec: StaticSpec,
  path: StaticPath,
  codings: readonly Coding[],
): Promise<Finding> {
  if (!path.folder) {
    const found = await openCoded(files, spec, path.names, codings);
    return found === "folder" ? "slash" : found;
  }
  for (const index of spec.index) {
    const found = await openCoded(files, spec, [...path.names, index], codings);
    if (typeof found !== "string") return found;
    if (found === "refused") return found;
  }
  if (!spec.browse) return "absent";
  const folder = await files.open(spec.root, path.names, spec);
  if (folder === "folder") return "listing";
  if (typeof folder !== "string") await folder.close();
  return folder === "refused" ? folder : "absent";
}

async function openCoded(
  files: FileTree,
  spec: StaticSpec,
  names: readonly string[],
  codings: readonly Coding[],
): Promise<Found | "folder" | "absent" | "refused"> {
  const name = names[names.length - 1];
  if (name === undefined) return "folder";
  const folder = names.slice(0, -1);
  for (const coding of codings) {
    const file = await files.open(spec.root, [...folder, name + SUFFIX[coding]], spec);
    if (typeof file !== "string") return { file, name, coding };
  }
  const file = await files.open(spec.root, names, spec);
  return typeof file === "string" ? file : { file, name, coding: null };
}
