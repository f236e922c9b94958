import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { lockMachine } from "../rivals/measure/lock.ts";
import { buildLoadTools, missingTools } from "../rivals/measure/tools.ts";
import { profilesOf, WEIRS, weirs } from "../rivals/peers/weir.ts";
import { printProfiles } from "../rivals/profile.ts";
import { keepAwake } from "./awake.ts";
import { buildPlugins, LANGUAGES } from "./build.ts";
import { workTable } from "./report.ts";
import { BARE } from "./works/bare.ts";
import { CALLS } from "./works/calls.ts";
import { HANDLER, HANDLER_JSON } from "./works/handler.ts";
import { LATENCY } from "./works/latency.ts";
import { MODULE } from "./works/module.ts";
import { PLAIN, PLAIN_H2 } from "./works/plain.ts";
import type { Outcome, Setup, Work } from "./works/work.ts";

const WORKS: readonly Work[] = [BARE, LATENCY, CALLS, MODULE, HANDLER, HANDLER_JSON, PLAIN, PLAIN_H2];
const HOMES = ["bun", "deno", "dist"] as const;
const OUT = resolve(import.meta.dir, "../out");

const USAGE = `usage: bench/plugins/run [--only NAME,…] [--on bun|deno|dist] [--languages NAME,…] [--rounds N] [--seconds S] [--against CHECKOUT]
  --only       works: ${WORKS.map((w) => w.name).join(", ")}
  --on         what runs Weir, bun when absent
  --languages  of plugins: ${LANGUAGES.map((l) => l.name).join(", ")}
  --rounds     rounds of each work, 10 when absent
  --seconds    seconds of a round, 2 when absent
  --calm       percent of the machine that other programs may take during a round, 10 when absent: else it is run again
  --awake      keeps both cores from sleeping meanwhile
  --against    for plain, plainh2 and latency: another checkout of Weir
  --profile    instead of measuring: where Weir's time goes, by the runtime's CPU profiler`;

const { values: args } = parseArgs({
  options: {
    only: { type: "string" },
    on: { type: "string", default: "bun" },
    languages: { type: "string" },
    rounds: { type: "string", default: "10" },
    seconds: { type: "string", default: "2" },
    calm: { type: "string", default: "10" },
    awake: { type: "boolean", default: false },
    against: { type: "string" },
    profile: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (args.help) console.log(USAGE);
else await main();

async function main(): Promise<void> {
  const works = pick(WORKS, args.only);
  const home = HOMES.find((h) => h === args.on) ?? fail(`choose one of ${HOMES.join(", ")}: found '${args.on}'`);
  const missing = missingTools();
  if (missing.length > 0) fail(missing.join("\n"));
  if (cpus().length < 2) fail("use a machine with two cores: one is for Weir, one for load and origin");
  buildLoadTools();
  const built = buildPlugins((line) => console.log(line));
  await lockMachine((line) => console.log(line));
  const directory = args.profile ? join(OUT, "profiles", "plugins") : null;
  const weir = (directory === null ? WEIRS : weirs(directory)).find((w) => w.name === home)!;
  const lacks = weir.lacks();
  if (lacks !== null) fail(lacks);
  const seconds = number(args.seconds);
  const setup: Setup = {
    weir,
    home,
    languages: pick(LANGUAGES, args.languages).filter((l) => built.includes(l)),
    against: args.against === undefined ? null : resolve(args.against),
    pace: {
      rounds: args.profile ? 1 : number(args.rounds),
      seconds,
      warmup: seconds / 4,
      calm: args.profile ? 100 : number(args.calm),
      preheat: 4,
      settle: 0,
      tell: (line) => console.log(`  ${line}`),
    },
  };
  const outcomes: Record<string, Outcome> = {};
  const letSleep = args.awake ? keepAwake() : null;
  for (const work of works) {
    console.log(`\n${work.name}`);
    const outcome = await work.run(setup);
    outcomes[work.name] = outcome;
    if (directory === null) console.log(workTable(work, outcome));
    else
      for (const name of new Set(outcome.samples.map((s) => s.subject)))
        printProfiles(`${work.name}, ${name}`, profilesOf(directory, name));
  }
  await letSleep?.();
  if (directory === null) save(home, outcomes);
  const failed = Object.values(outcomes).flatMap((o) => o.failures);
  if (failed.length === 0) return;
  console.error(`\n${failed.length} rounds failed:\n${failed.join("\n")}`);
  process.exitCode = 1;
}

function save(home: string, outcomes: Readonly<Record<string, Outcome>>): void {
  mkdirSync(OUT, { recursive: true });
  const at = new Date().toISOString();
  const machine = { cpu: cpus()[0]!.model, cores: cpus().length, kernel: release() };
  const file = join(OUT, `plugins-${at.replace(/[-:]|\..*/g, "")}.json`);
  const { rounds, seconds, awake } = args;
  writeFileSync(file, `${JSON.stringify({ at, machine, home, rounds, seconds, awake, outcomes }, null, 1)}\n`);
  console.log(`\n${file}`);
}

function number(text: string): number {
  const n = Number(text);
  return n > 0 ? n : fail(`give a number above 0: found '${text}'`);
}

/** Names are separated by commas; none: all. */
function pick<T extends { readonly name: string }>(from: readonly T[], names: string | undefined): readonly T[] {
  if (names === undefined) return from;
  const known = from.map((x) => x.name).join(", ");
  return names.split(",").map((n) => from.find((x) => x.name === n) ?? fail(`choose one of ${known}: found '${n}'`));
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
