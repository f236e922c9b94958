import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { lockMachine } from "./measure/lock.ts";
import type { Pace } from "./measure/rounds.ts";
import { buildLoadTools, missingTools } from "./measure/tools.ts";
import { envoy } from "./peers/envoy.ts";
import { haproxy } from "./peers/haproxy.ts";
import { nginx } from "./peers/nginx.ts";
import type { Peer } from "./peers/peer.ts";
import { profilesOf, WEIRS, weirs } from "./peers/weir.ts";
import { printProfiles } from "./profile.ts";
import { judge, type Verdict, verdictTable, workTable } from "./report.ts";
import {
  GRPC,
  H2,
  HANDSHAKES,
  KEEP_ALIVE,
  NEW_CONNECTIONS,
  REPLY_1M,
  REPLY_64K,
  SNI,
  TCP,
  TCP_NEW,
  TLS,
  UDP,
} from "./works/closed_loop.ts";
import { IDLE, IDLE_TLS } from "./works/idle.ts";
import { OPEN_LOOP } from "./works/open_loop.ts";
import { POLICIES, POLICIES_H2 } from "./works/policies.ts";
import { ROUTES } from "./works/routes.ts";
import type { Outcome, Work } from "./works/work.ts";
import { WORKERS } from "./works/workers.ts";

const PEERS = [...WEIRS, nginx, haproxy, envoy];
const HTTP = [KEEP_ALIVE, REPLY_64K, REPLY_1M, ROUTES, WORKERS, IDLE, NEW_CONNECTIONS, OPEN_LOOP];
const WORKS = [...HTTP, TCP, TCP_NEW, UDP, SNI, H2, GRPC, TLS, HANDSHAKES, IDLE_TLS, POLICIES, POLICIES_H2];
const OUT = resolve(import.meta.dir, "../out");

const USAGE = `usage: bench/rivals/run [--quick] [--only NAME,…] [--work NAME,…] [--rounds N] [--seconds S]
  --quick      three rounds of one second, 5 s for memory to settle: to see that all works
  --only       subjects: ${PEERS.map((p) => p.name).join(", ")}
  --work       works: ${WORKS.map((w) => w.name).join(", ")}
  --rounds     rounds of each work, 10 when absent
  --seconds    seconds of a round, 2 when absent
  --calm       percent of the machine that other programs may take during a round, 10 when absent: else it is run again
  --profile    instead of measuring: where Weir's time goes, by the runtime's CPU profiler`;

const { values: args } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
    work: { type: "string", multiple: true },
    rounds: { type: "string" },
    seconds: { type: "string" },
    calm: { type: "string" },
    profile: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (args.help) console.log(USAGE);
else await main();

async function main(): Promise<void> {
  const works = pick(WORKS, args.work);
  const missing = missingTools();
  if (missing.length > 0) fail(missing.join("\n"));
  if (cpus().length < 2) fail("use a machine with two cores: one is for the proxy, one for load and origin");
  buildLoadTools();
  await lockMachine((line) => console.log(line));
  const peers = pick(PEERS, args.only).filter((p) => {
    const lack = p.lacks();
    if (lack !== null) console.log(`without ${p.name}: ${lack}`);
    return lack === null;
  });
  if (peers.length === 0) fail("no subject is left to measure");

  const pace = paceOf();
  if (args.profile) await profile(works, peers, pace);
  else await compare(works, peers, pace);
}

async function profile(works: readonly Work[], peers: readonly Peer[], pace: Pace): Promise<void> {
  for (const work of works) {
    const directory = join(OUT, "profiles", work.name);
    rmSync(directory, { recursive: true, force: true });
    const chosen = weirs(directory).filter((w) => peers.some((p) => p.name === w.name));
    const { samples } = await work.run(chosen, { ...pace, rounds: 1, calm: 100 });
    for (const subject of new Set(samples.map((s) => s.subject)))
      printProfiles(`${work.name}, ${subject}`, profilesOf(directory, subject));
  }
}

async function compare(works: readonly Work[], peers: readonly Peer[], pace: Pace): Promise<void> {
  const machine = { cpu: cpus()[0]!.model, cores: cpus().length, kernel: release(), load: loadavg()[0]! };
  if (machine.load > 0.5) console.log(`the machine is busy (load ${machine.load.toFixed(2)}): figures will scatter`);
  const versions = Object.fromEntries(peers.map((p) => [p.name, p.version()]));
  const outcomes: Record<string, Outcome> = {};
  const verdicts: Verdict[] = [];
  for (const work of works) {
    console.log(`\n${work.name}`);
    const outcome = await work.run(peers, pace);
    outcomes[work.name] = outcome;
    verdicts.push(...judge(work.name, outcome.samples));
    console.log([workTable(work, outcome.samples), ...outcome.notes].join("\n"));
  }
  if (verdicts.length > 0) console.log(`\n${verdictTable(verdicts)}`);

  mkdirSync(OUT, { recursive: true });
  const at = new Date().toISOString();
  const file = join(OUT, `rivals-${at.replace(/[-:]|\..*/g, "")}.json`);
  const { tell: _, ...told } = pace;
  writeFileSync(file, `${JSON.stringify({ at, machine, pace: told, versions, outcomes, verdicts }, null, 1)}\n`);
  console.log(`\n${file}`);
  const failed = Object.values(outcomes).flatMap((o) => o.failures);
  if (failed.length > 0) {
    console.error(`\n${failed.length} rounds failed:\n${failed.join("\n")}`);
    process.exitCode = 1;
  }
}

function paceOf(): Pace {
  const quick = args.quick;
  return {
    rounds: number(args.rounds, quick ? 3 : 10),
    seconds: number(args.seconds, quick ? 1 : 2),
    warmup: quick ? 0.2 : 0.5,
    calm: number(args.calm, 10),
    preheat: quick ? 1 : 5,
    settle: quick ? 5 : 30,
    tell: (line) => console.log(`  ${line}`),
  };
}

function number(text: string | undefined, absent: number): number {
  const n = text === undefined ? absent : Number(text);
  return n > 0 ? n : fail(`give a number above 0: found '${text}'`);
}

/** Names may be repeated or separated by commas; none: all. */
function pick<T extends { readonly name: string }>(from: readonly T[], names: readonly string[] | undefined): readonly T[] {
  if (names === undefined) return from;
  return names
    .flatMap((n) => n.split(","))
    .map(
      (name) => from.find((x) => x.name === name) ?? fail(`choose one of ${from.map((x) => x.name).join(", ")}: found '${name}'`),
    );
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
