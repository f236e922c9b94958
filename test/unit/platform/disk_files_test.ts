import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { diskFiles } from "../../../src/platform/disk_files.ts";
import type { OpenFile } from "../../../src/platform/types.ts";

const dir = mkdtempSync(join(tmpdir(), "weir-files-"));
const root = join(dir, "root");
mkdirSync(join(root, "sub"), { recursive: true });
writeFileSync(join(root, "sub", "a.txt"), "0123456789");
writeFileSync(join(dir, "secret"), "secret");
symlinkSync("../secret", join(root, "out"));
symlinkSync("..", join(root, "up"));
symlinkSync("sub/a.txt", join(root, "in"));
symlinkSync("loop", join(root, "loop"));
symlinkSync(root, join(dir, "current"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const STRICT = { symlinks: false };

async function open(names: readonly string[], rules = STRICT, from = root): Promise<OpenFile | string> {
  return await diskFiles.open(from, names, rules);
}

describe("files on disk", () => {
  test("are read from any byte", async () => {
    const file = (await open(["sub", "a.txt"])) as OpenFile;
    expect(file.size).toBe(10);
    const b = new Uint8Array(4);
    expect(await file.read(b, 3)).toBe(4);
    expect(new TextDecoder().decode(b)).toBe("3456");
    expect(await file.read(b, 8)).toBe(2);
    expect(await file.read(b, 10)).toBe(0);
    await file.close();
  });

  test("are told from folders and from nothing", async () => {
    expect(await open(["sub"])).toBe("folder");
    expect(await open([])).toBe("folder");
    expect(await open(["none"])).toBe("absent");
    expect(await open(["sub", "a.txt", "x"])).toBe("absent");
    expect(await open(["x".repeat(300)])).toBe("absent");
  });

  test("are not reached by links that leave the root, unless that is allowed", async () => {
    expect(await open(["out"])).toBe("refused");
    expect(await open(["up", "secret"])).toBe("refused");
    expect(await open(["loop"])).toBe("refused");
    for (const [names, rules] of [
      [["out"], { symlinks: true }],
      [["in"], STRICT],
    ] as const) {
      const file = (await open(names, rules)) as OpenFile;
      expect(file.size).toBeGreaterThan(0);
      await file.close();
    }
  });

  test("are found below a root that is a link itself", async () => {
    const file = (await open(["sub", "a.txt"], STRICT, join(dir, "current"))) as OpenFile;
    expect(file.size).toBe(10);
    await file.close();
  });

  test("are listed, at most so many", async () => {
    const all = await diskFiles.list(root, [], STRICT, 100);
    expect(typeof all === "string" ? all : all.map((e) => `${e.name}${e.folder ? "/" : ""}`)).toEqual([
      "in",
      "loop",
      "out",
      "sub/",
      "up",
    ]);
    expect((await diskFiles.list(root, [], STRICT, 2)).length).toBe(2);
    expect(await diskFiles.list(root, ["up"], STRICT, 2)).toBe("refused");
    expect(await diskFiles.list(root, ["none"], STRICT, 2)).toBe("absent");
  });
});
