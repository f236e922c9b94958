import { isAbsolute, join } from "node:path";
import { type ConfigFiles, pathFrom } from "./config_files.ts";

/** Whether a name of `include` is a pattern. */
export function isGlob(pattern: string): boolean {
  return /[*?]/.test(pattern);
}

/**
 * Files that a pattern stands for, sorted by name. `*` and `?` stand for any characters but `/`, and not for a leading dot, so that the
 * bookkeeping of editors and of mounted directories (`..data`) is left out.
 */
export async function expandGlob(pattern: string, directory: string, files: ConfigFiles): Promise<string[]> {
  const segments = pattern.split("/").filter((s, i) => s !== "" && (s !== "." || i > 0));
  let found = [isAbsolute(pattern) ? "/" : directory];
  for (const segment of segments) {
    if (!isGlob(segment)) {
      found = found.map((at) => pathFrom(at, segment));
      continue;
    }
    const fits = new RegExp(`^(?!\\.)${[...segment].map(characterPattern).join("")}$`);
    const next: string[] = [];
    for (const at of found) for (const name of await listOrNothing(files, at)) if (fits.test(name)) next.push(join(at, name));
    found = next;
  }
  return found.sort();
}

/** What is no directory holds nothing. */
async function listOrNothing(files: ConfigFiles, directory: string): Promise<readonly string[]> {
  try {
    return await files.list(directory);
  } catch {
    return [];
  }
}

function characterPattern(c: string): string {
  if (c === "*") return "[^/]*";
  if (c === "?") return "[^/]";
  return c.replace(/[\\^$.|+()[\]{}]/, "\\$&");
}
