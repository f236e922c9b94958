import { z } from "zod";
import { headerValue } from "./header.ts";
import { type Leaf, leaf, mismatch, refuse } from "./leaf.ts";
import { bool, choice, text, wantText } from "./scalar.ts";

/** Steps below the root, such as `app/index.html`. */
function below(): Leaf<readonly string[]> {
  return leaf({ type: "string", examples: ["index.html"] }, (v) => {
    if (typeof v !== "string") return wantText('a path below root such as "index.html"', v);
    const names = v.replace(/^\//, "").split("/");
    return names.some((n) => n === "" || n === "." || n === ".." || /[\\\0:]/.test(n))
      ? refuse(`correct the path: found ${JSON.stringify(v)}, wanted a file below root such as "index.html"`)
      : names;
  });
}

function fileName(): Leaf<string> {
  return text({ examples: ["index.html"] }, (s) =>
    s === "" || s === "." || s === ".." || /[/\\\0:]/.test(s) ? mismatch('the name of a file such as "index.html"') : s,
  );
}

export const staticSchema = z.strictObject({
  root: text().describe("Folder of the files, relative to this file; what follows the prefix that matched is looked up in it"),
  index: z
    .array(fileName())
    .prefault(["index.html"])
    .describe("Files that answer for the folder they are in; the first that is there"),
  browse: bool().prefault(false).describe("List folders without an index"),
  precompressed: z
    .array(choice("br", "gzip", "zstd"))
    .prefault([])
    .describe(
      "Codings of files that lie beside the others as NAME.br, NAME.gz and NAME.zst; the first of those that a client likes best",
    ),
  fallback: below().optional().describe("File that is sent with 200 where there is none, for applications of one page"),
  notFound: below().optional().describe("File that is sent with 404 where there is none; a line of text when absent"),
  symlinks: bool().prefault(false).describe("Follow symbolic links that lead out of root"),
  hidden: bool().prefault(false).describe("Serve names that begin with a dot; .well-known always is"),
  types: z.record(z.string(), headerValue()).prefault({}).describe("Content types by extension, beside those that are known"),
});

export type StaticConfig = z.output<typeof staticSchema>;
