import type { FolderEntry } from "../platform/types.ts";

const NAMED: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** What is in a folder, as a page of links. `path` is where it is shown, and begins and ends with a slash. */
export function folderPage(path: string, entries: readonly FolderEntry[], top: boolean): string {
  const title = `Index of ${escapeHtml(decodePath(path))}`;
  const rows = entries.map(({ name, folder }) => {
    const mark = folder ? "/" : "";
    // With the dot a name such as `a:b` is no scheme.
    return `<li><a href="./${encodeURIComponent(name)}${mark}">${escapeHtml(name)}${mark}</a></li>`;
  });
  if (!top) rows.unshift('<li><a href="../">../</a></li>');
  return `<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>${title}</title>\n<h1>${title}</h1>\n<ul>\n${rows.join("\n")}\n</ul>\n</html>\n`;
}

function escapeHtml(s: string): string {
  return s.replace(/[&<>"']/g, (c) => NAMED[c]!);
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
