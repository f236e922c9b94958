/** What of a request's path names a file: the steps down from the root, and whether a folder is meant. */
export interface StaticPath {
  readonly names: readonly string[];
  /** It ends with a slash. */
  readonly folder: boolean;
}

/** A name that a file system somewhere reads as more than one, or as a device or a stream. */
const UNSAFE = /[/\\\0:]/;

/**
 * Reads what stands behind the prefix of a normalised path. null: there can be no such file. Each step is decoded once and alone, so that
 * what decoding brings out is never taken for a separator or for a step up.
 */
export function staticPath(rest: string, hidden: boolean): StaticPath | null {
  const query = rest.indexOf("?");
  const path = query < 0 ? rest : rest.slice(0, query);
  const steps = path.split("/");
  if (steps[0] === "") steps.shift();
  const folder = steps[steps.length - 1] === "";
  if (folder) steps.pop();
  const names: string[] = [];
  for (const step of steps) {
    const name = decode(step);
    if (name === null || name === "" || UNSAFE.test(name) || name === "." || name === "..") return null;
    if (name.startsWith(".") && !hidden && name !== WELL_KNOWN) return null;
    names.push(name);
  }
  return { names, folder };
}

/** RFC 8615: what stands there is meant to be found. */
const WELL_KNOWN = ".well-known";

/** null: it is no UTF-8. */
function decode(step: string): string | null {
  try {
    return decodeURIComponent(step);
  } catch {
    return null;
  }
}
