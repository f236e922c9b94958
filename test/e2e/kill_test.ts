import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fuzzPlan, Random } from "../fuzz/random.ts";
import { turn, until } from "../support/deadline.ts";
import { freePort } from "../support/ports.ts";
import { Program } from "../support/program.ts";
import { get } from "../support/raw_client.ts";
import { SteadyLoad } from "../support/steady_load.ts";
import { commandOf, subject } from "../support/subject.ts";
import { scratchDir, startArgs, textOf, type Weir } from "../support/weir.ts";

setDefaultTimeout(process.env["WEIR_LONG"] === undefined ? 120_000 : 3_600_000);

const SERVED = 200;

for (const workers of [1, 2])
  test(`SIGKILL at any time leaves nothing that a next start of ${workers} minds, and no cut line but the last`, async () => {
    const { seed, rounds } = fuzzPlan(4);
    const random = new Random(seed + workers);
    const dir = scratchDir();
    const [port, adminPort] = await Promise.all([freePort(), freePort()]);
    const logPath = join(dir, "access.log");
    const local = join(dir, "local.sock");
    const pidFile = join(dir, "weir.pid");
    const config = {
      admin: { address: `127.0.0.1:${adminPort}` },
      control: join(dir, "weir.sock"),
      pidFile,
      accessLog: { to: { file: logPath } },
      workers: { orphanLimit: "5s" },
      listeners: { web: { address: `127.0.0.1:${port}` }, local: { address: `unix:${local}` } },
      routes: [{ respond: { status: 200, body: "here" } }],
    };
    const path = join(dir, "weir.yaml");
    writeFileSync(path, textOf(config));
    const args = ["run", path, "--workers", String(workers)];
    const open: (Weir | Program)[] = [];
    let kills = 0;
    try {
      for (let i = 0; i < rounds; i++) {
        // In the middle of a start, wherever that is by then.
        const starting = new Program([...commandOf(subject), ...args]);
        open.push(starting);
        await turn(random.below(1500));
        end(starting, random);
        await starting.left;
        const weir = await startArgs(args, { dir, adminPort, ms: 30_000 });
        open.push(weir);
        expect(readFileSync(pidFile, "utf8")).toBe(`${weir.pid}\n`);
        for (const to of [port, { path: local }]) expect((await get(to, "/")).body).toBe("here");
        const load = SteadyLoad.ofConnections(port, "/load", 4);
        const enough = 1 + random.below(SERVED);
        await until("some load", () => load.served >= enough, 20_000);
        end(weir, random);
        await weir.left;
        expect(readFileSync(pidFile, "utf8")).toMatch(/^\d+\n$/);
        await load.stop();
        kills += 2;
      }
      await using last = await startArgs(args, { dir, adminPort, ms: 30_000 });
      for (const to of [port, { path: local }]) expect((await get(to, "/")).body).toBe("here");
      expect((await last.control("stop")).code).toBe(0);
      await last.ended();
      expect(existsSync(local)).toBe(false);
      const lines = readFileSync(logPath, "utf8").split("\n").slice(0, -1);
      expect(lines.filter((l) => !isWhole(l)).length).toBeLessThanOrEqual(kills);
      expect(lines.filter(isWhole).length).toBeGreaterThan(0);
    } catch (e) {
      throw new Error(`FUZZ_SEED=${seed}: ${(e as Error).message}`, { cause: e });
    } finally {
      for (const p of open) await p.kill();
      rmSync(dir, { recursive: true, force: true });
    }
  });

for (const workers of [1, 2])
  test(`SIGTERM while ${workers} start ends them`, async () => {
    const dir = scratchDir();
    const port = await freePort();
    const pidFile = join(dir, "weir.pid");
    const config = {
      admin: false,
      control: join(dir, "weir.sock"),
      pidFile,
      listeners: { web: { address: `127.0.0.1:${port}` } },
      routes: [{ respond: { status: 200, body: "here" } }],
    };
    const path = join(dir, "weir.yaml");
    writeFileSync(path, textOf(config));
    try {
      for (let i = 0; i < 3; i++) {
        await using starting = new Program([...commandOf(subject), "run", path, "--workers", String(workers)]);
        // With several workers the first one serves before the others do, and before the config is in force.
        await starting.said(/"event":"listening"/, 0, 30_000);
        starting.signal("SIGTERM");
        expect(await starting.ended()).toEqual({ code: 0, signal: null });
        expect(existsSync(pidFile)).toBe(false);
      }
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

/** The process alone, or with it all that it has started. */
function end(p: Program, random: Random): void {
  process.kill(random.once(2) ? p.pid : -p.pid, "SIGKILL");
}

function isWhole(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
