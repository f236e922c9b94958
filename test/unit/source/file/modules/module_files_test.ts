import { describe, expect, test } from "bun:test";
import { importsOf } from "../../../../../src/source/file/modules/imports_of.ts";
import { readModule } from "../../../../../src/source/file/modules/module_files.ts";

describe("imports of a file", () => {
  test("of every form, types and comments included", () => {
    const source = `
      import a from "./a.ts"; import "./b.ts"; import type { C } from './c.ts'; export * from "./d.ts";
      const e = await import("./e.ts"); const f = require("./f.cjs"); import g, { h } from
        "g/h"; // import "./comment.ts"
      const from = "x"; const no = await import(name); const neither = import(\`./\${name}.ts\`);`;
    expect(importsOf(source)).toEqual(["./a.ts", "./b.ts", "./c.ts", "./d.ts", "./e.ts", "./f.cjs", "g/h", "./comment.ts"]);
    expect(importsOf("/** @jsxImportSource hono/jsx */")).toEqual(["hono/jsx/jsx-runtime"]);
  });
});

describe("files of a module", () => {
  function disk(files: Readonly<Record<string, string>>): { read: (path: string) => Promise<string>; asked: string[] } {
    const known = new Map(Object.entries(files));
    const asked: string[] = [];
    const read = async (path: string): Promise<string> => {
      asked.push(path);
      const text = known.get(path);
      if (text === undefined) throw new Error("no such file");
      return text;
    };
    return { read, asked };
  }

  test("are those that it imports by a path, however far", async () => {
    const files = {
      "/m/app.ts": 'import { a } from "./lib/a.ts"; import { Hono } from "hono"; import "node:fs";',
      "/m/lib/a.ts": 'import b from "../b"; import a from "./a.ts"; import "/abs.js";',
      "/m/b.ts": "1",
      "/abs.js": "2",
    };
    const { digest, packages } = await readModule("/m/app.ts", disk(files).read);
    expect([...packages]).toEqual(["hono", "node:fs"]);
    const again = await readModule("/m/app.ts", disk(files).read);
    expect(again.digest).toBe(digest);
    for (const name of Object.keys(files)) {
      const changed = { ...files, [name]: `${files[name as keyof typeof files]} ` };
      expect((await readModule("/m/app.ts", disk(changed).read)).digest).not.toBe(digest);
    }
    const other = { ...files, "/m/unused.ts": "3" };
    expect((await readModule("/m/app.ts", disk(other).read)).digest).toBe(digest);
  });

  test("may be missing, but for the module itself", async () => {
    await expect(readModule("/none.ts", disk({}).read)).rejects.toThrow("no such file");
    const { read, asked } = disk({ "app.ts": 'import "./gone.ts";' });
    expect((await readModule("app.ts", read)).digest).toHaveLength(64);
    // It is looked for, so that who watches hears of it when it comes.
    expect(asked).toContain("gone.ts");
  });

  test("have an end", async () => {
    const endless = async (path: string): Promise<string> =>
      `import "./${path.replace(/\D/g, "").length}${path.length}x.ts"; import "./y${path}";`;
    await expect(readModule("a.ts", endless)).rejects.toThrow("build it into one");
  });
});
