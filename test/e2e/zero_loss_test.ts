import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { Random } from "../fuzz/random.ts";
import { until } from "../support/deadline.ts";
import { LoadedSite } from "../support/load/loaded_site.ts";
import { lives } from "../support/process_tree.ts";

const LONG = process.env["WEIR_LONG"] !== undefined;
setDefaultTimeout(LONG ? 3_600_000 : 180_000);

/** How often each is done; in this order when there is none before. */
interface Plan {
  readonly upgrade: number;
  readonly reload: number;
  readonly changeEndpoints: number;
  readonly killWorker: number;
}

const FULL: Plan = { upgrade: 20, reload: 200, changeEndpoints: 200, killWorker: 50 };

const ROWS: readonly (readonly [workers: number, short: Plan])[] = [
  [1, { upgrade: 1, reload: 5, changeEndpoints: 5, killWorker: 0 }],
  [2, { upgrade: 2, reload: 10, changeEndpoints: 10, killWorker: 3 }],
];

const open: LoadedSite[] = [];
afterEach(async () => {
  for (const s of open.splice(0)) await s[Symbol.asyncDispose]();
});

for (const [workers, short] of ROWS) {
  const plan = LONG ? { ...FULL, killWorker: short.killWorker === 0 ? 0 : FULL.killWorker } : short;
  const what = Object.entries(plan).map(([name, n]) => `${n} × ${name}`);

  test(`under load of all kinds on ${workers} worker${workers === 1 ? "" : "s"} nothing is lost: ${what.join(", ")}`, async () => {
    const seed = Number(process.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
    const random = new Random(seed);
    const log: string[] = [];
    try {
      const site = await LoadedSite.start(["--workers", String(workers)], random);
      open.push(site);
      await site.moreAnswers(5);
      for (const step of mixed(plan, random)) {
        log.push(`${Date.now()} ${step}`);
        await site[step]();
        await site.moreAnswers(1);
      }
      await site.moreAnswers(5);
      const report = await site.load.stop();
      expect(site.unexcused(report)).toEqual([]);
      for (const { sent, answered, failed } of Object.values(report.kinds)) {
        expect(answered).toBeGreaterThan(0);
        expect(answered + failed).toBe(sent);
      }
      // Without sessions the processes before have no reason to stay.
      const now = await site.status();
      const stay = new Set([now.pid, ...(now.workers ?? []).map((w) => w.pid)]);
      await until("the old processes to end", () => [...site.pids].every((p) => stay.has(p) || !lives(p)), 30_000);
    } catch (e) {
      const killed = open.at(-1)?.victims.map((v) => `${v.stopped} to ${v.at}`) ?? [];
      throw new Error(
        `FUZZ_SEED=${seed}: ${(e as Error).message}; what was done: ${log.join(", ")}; killed: ${killed.join(", ")}; ${open.at(-1)?.weir.stderr.slice(-8000)}`,
        { cause: e },
      );
    }
  });
}

/** All steps of a plan in an order of chance. */
function mixed(plan: Plan, random: Random): (keyof Plan)[] {
  const steps = (Object.entries(plan) as [keyof Plan, number][]).flatMap(([step, n]) => Array.from({ length: n }, () => step));
  for (let i = steps.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [steps[i], steps[j]] = [steps[j]!, steps[i]!];
  }
  return steps;
}
