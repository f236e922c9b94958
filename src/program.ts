import { isMainThread } from "node:worker_threads";
import { BUILD } from "./base/build.ts";
import { stackOf } from "./base/error.ts";
import { runCli } from "./cli/cli.ts";
import { type About, type CliIo, EXIT, type ServeOptions } from "./cli/deps.ts";
import { wantsColor } from "./cli/render/paint.ts";
import { renderProblems } from "./cli/render/render_problems.ts";
import { showAnswer } from "./cli/show_answer.ts";
import { writeAll } from "./cli/write_all.ts";
import type { Model } from "./config/model.ts";
import type { RuntimeAbilities } from "./config/runtime_abilities.ts";
import type { ConfigSource } from "./config/source.ts";
import type { Platform } from "./platform/types.ts";
import { describePlugin } from "./plugin/describe_plugin.ts";
import { askControl } from "./server/control.ts";
import { childEnv, createServing } from "./server/create_serving.ts";
import { Host } from "./server/host/host.ts";
import { takeHostVariables } from "./server/host/host_variables.ts";
import { passedSockets } from "./server/host/passed_sockets.ts";
import { moduleUses } from "./server/modules/module_table.ts";
import { isOfferedHere, offeredAddresses } from "./server/modules/offered_packages.ts";
import { answerProbe, probeModule } from "./server/modules/probe_module.ts";
import { numbersBytes } from "./server/numbers/numbers_bytes.ts";
import { WeirNumbers } from "./server/numbers/weir_numbers.ts";
import { run } from "./server/run.ts";
import { HeldSockets } from "./server/sockets/held_socket.ts";
import { type Inheritance, inherit, isSuccessor } from "./server/upgrade/inheritance.ts";
import { openEndpoints } from "./source/file/endpoints/endpoints_file.ts";
import { FileSource } from "./source/file/file_source.ts";
import { serveLoads } from "./source/file/load_aside.ts";
import { StaticSource } from "./source/static_source.ts";
import { createPlatform, runtime, ThisProcess } from "./this_process.ts";

/** What a process that comes to nothing has said last, for one that waits for it. */
let lastWords = "";
const LAST_WORDS = 4000;

const io: CliIo = {
  out: (text) => writeAll(1, text),
  err: (text) => {
    lastWords = (lastWords + text).slice(-LAST_WORDS);
    process.stderr.write(text);
  },
  outIsTerminal: process.stdout.isTTY === true,
  errIsTerminal: process.stderr.isTTY === true,
  env: process.env,
  uid: process.getuid?.() ?? null,
  // Deno's TLS has a fixed list of suites and groups, and neither runtime can staple.
  runtime: { runtime, ciphers: runtime !== "deno", curves: runtime !== "deno", ocsp: false, modules: modulesHere() },
  describePlugin: async (spec) => describePlugin(await createPlatform(() => {}), process.env, spec),
  probeModule: async (path, kind) =>
    probeModule({ platform: await createPlatform(() => {}), env: childEnv(process.env), packages: packagesHere() }, path, kind),
};
/** Deno is told at a worker's start where the packages are, so they have to be on disk. */
function modulesHere(): RuntimeAbilities["modules"] {
  if (runtime === "node") return "none";
  return runtime === "bun" || isOfferedHere() ? "packages" : "files";
}

/** What Deno is told at a child's start. */
function packagesHere(): ReadonlyMap<string, string> {
  return runtime === "deno" ? offeredAddresses() : new Map();
}

const about: About = {
  version: BUILD.version,
  runtime: `${runtime} ${process.versions[runtime] ?? ""}`.trim(),
  build: `${process.platform} ${process.arch}, ${BUILD.commit}`,
};
const self = new ThisProcess(io.err);
const { log } = self;

/** What this process goes on with in another one's place; null: nothing. */
let inheritance: Inheritance | null = null;

async function serve(model: Model, { workers, pidFile }: ServeOptions, sourceOf: (p: Platform) => ConfigSource): Promise<number> {
  const platform = await self.createServingPlatform();
  const variables = takeHostVariables(process.env, process.pid);
  const held = new HeldSockets(inheritance?.sockets ?? passedSockets(variables.passed, platform.linux, log));
  const numbers = createNumbers(platform, model);
  const generation = inheritance?.generation ?? 0;
  const healthRecords = inheritance?.health ?? [];
  const args = process.argv.slice(2);
  const modules = moduleUses(model).length > 0;
  const serving = createServing({
    platform,
    log,
    build: BUILD,
    env: io.env,
    args,
    held,
    numbers,
    generation,
    workers,
    modules,
    loadModule: (path) => self.loadModule(platform, path),
    packages: modules ? packagesHere() : new Map(),
    healthRecords,
    openEndpoints,
  });
  self.serving = serving;
  return await run({
    platform,
    log,
    serving,
    numbers,
    source: sourceOf(platform),
    build: BUILD,
    args,
    env: io.env,
    inheritance,
    held,
    host: new Host({ platform, log, variables }),
    control: null,
    pidFile,
    showProblems: (problems) => {
      if (io.errIsTerminal) io.err(`${renderProblems(problems, { color: wantsColor(true, io.env) })}\n`);
    },
  });
}

function createNumbers(platform: Platform, model: Model): WeirNumbers {
  const id = `${process.pid}/${Math.round(platform.wallNow())}`;
  const numbers = new WeirNumbers(platform.linux, log, id, numbersBytes(model));
  if (inheritance === null) return numbers;
  const { members } = inheritance.numbers;
  numbers.inherit(inheritance.numbers, inheritance.numbersFds);
  inheritance.follow(
    (news) => numbers.hear(news),
    () => {
      for (const { id } of members) numbers.fold(id);
    },
  );
  return numbers;
}

async function main(): Promise<number> {
  const probed = await answerProbe(process.env, async (path) => self.loadModule(await createPlatform(() => {}), path));
  if (probed !== null) {
    writeAll(1, probed);
    return EXIT.done;
  }
  if (isSuccessor(process.env)) inheritance = await inherit(await self.createServingPlatform(), process.env);
  const code = await command();
  if (code !== EXIT.done) await inheritance?.failed(lastWords.trim());
  return code;
}

function command(): Promise<number> {
  return runCli(process.argv.slice(2), {
    io,
    about,
    run: ({ configPath, loaded, ...options }) =>
      serve(loaded.model, options, (platform) => {
        const script = new URL(import.meta.url);
        return new FileSource(platform, configPath, { env: io.env, runtime: io.runtime, first: loaded, script });
      }),
    createPlatform: () => createPlatform((e) => io.err(`weir: ${stackOf(e)}\n`)),
    proxy: (model, options) => serve(model, options, () => new StaticSource(model)),
    control: async (request) => {
      const platform = await createPlatform(() => {});
      const answer = await askControl(platform, request.socket, request);
      return showAnswer(request, answer, io);
    },
  }).catch((e: unknown) => {
    io.err(`weir: ${stackOf(e)}\n`);
    return EXIT.problems;
  });
}

if (isMainThread) process.exit(await main());
else serveLoads();
