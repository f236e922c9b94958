import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../support/deadline.ts";
import { openScratch, runWeir, type Site, type SiteOptions, startSite } from "../support/weir.ts";

setDefaultTimeout(60_000);

const open: Site[] = [];
afterEach(async () => {
  for (const s of open.splice(0)) await s[Symbol.asyncDispose]();
});

async function site(o: SiteOptions = {}): Promise<Site> {
  const s = await startSite({ routes: [{ respond: { status: 200, body: "here" } }], ...o });
  open.push(s);
  return s;
}

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

async function pidOf(s: Site): Promise<number> {
  return (JSON.parse((await s.weir.admin("/status")).body) as { pid: number }).pid;
}

describe("a PID file", () => {
  for (const workers of [1, 2])
    test(`tells the main process of ${workers} from its being ready to its end, whatever stood there`, async () => {
      using scratch = openScratch();
      const path = join(scratch.dir, "weir.pid");
      writeFileSync(path, "4194303\n");
      const s = await site({ top: { pidFile: path }, args: ["--workers", String(workers)] });
      await until("the file", () => read(path) !== "4194303\n");
      expect(read(path)).toBe(`${s.weir.pid}\n`);
      expect(await pidOf(s)).toBe(s.weir.pid);
      expect(readdirSync(scratch.dir)).toEqual(["weir.pid"]);
      s.weir.signal("SIGTERM");
      expect((await s.weir.ended()).code).toBe(0);
      expect(existsSync(path)).toBe(false);
    });

  test("is the successor's after an upgrade, and stays when the old process ends", async () => {
    using scratch = openScratch();
    const path = join(scratch.dir, "weir.pid");
    const s = await site({ args: ["--pid-file", path] });
    await until("the file", () => existsSync(path));
    for (let i = 0; i < 2; i++) {
      const before = read(path);
      expect((await s.weir.control("upgrade")).code).toBe(0);
      expect(read(path)).not.toBe(before);
      expect(read(path)).toBe(`${await pidOf(s)}\n`);
    }
    await s.weir.left;
    expect(read(path)).toBe(`${await pidOf(s)}\n`);
    expect((await s.weir.control("stop")).code).toBe(0);
    await until("the file's end", () => !existsSync(path));
  });

  test("tells of the old process again when the new one comes to nothing", async () => {
    using scratch = openScratch();
    const directory = join(scratch.dir, "run");
    mkdirSync(directory);
    const path = join(directory, "weir.pid");
    const s = await site({ top: { pidFile: path } });
    await until("the file", () => existsSync(path));
    const other = join(scratch.dir, "none", "weir.pid");
    s.weir.rewrite({ ...s.config, pidFile: other });
    const failed = await s.weir.control("upgrade");
    expect(failed.code).toBe(1);
    expect(failed.stderr + failed.stdout).toContain("PID file");
    expect(read(path)).toBe(`${s.weir.pid}\n`);
    expect((await s.weir.control("status")).code).toBe(0);
  });

  test("that another process has taken is left alone at the end", async () => {
    using scratch = openScratch();
    const path = join(scratch.dir, "weir.pid");
    const s = await site({ top: { pidFile: path } });
    await until("the file", () => existsSync(path));
    writeFileSync(path, "4194303\n");
    s.weir.signal("SIGTERM");
    expect((await s.weir.ended()).code).toBe(0);
    expect(read(path)).toBe("4194303\n");
  });

  test("that can't be written is told at the start, which fails", async () => {
    using scratch = openScratch();
    const path = join(scratch.dir, "none", "weir.pid");
    const config = join(scratch.dir, "weir.yaml");
    writeFileSync(
      config,
      JSON.stringify({ admin: false, listeners: { web: { address: `unix:${join(scratch.dir, "s")}` } }, routes: [] }),
    );
    const ran = await runWeir(["run", config, "--pid-file", path], { env: { XDG_RUNTIME_DIR: scratch.dir } });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(path);
    expect(ran.stderr).toContain("ENOENT");
    expect(existsSync(join(scratch.dir, "s"))).toBe(false);
  });
});
