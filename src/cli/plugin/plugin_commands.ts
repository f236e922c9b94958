import { type Command, InvalidArgumentError } from "commander";
import type { CliDeps } from "../deps.ts";
import { benchPlugin } from "./bench/bench_plugin.ts";
import { LANGUAGES, newPlugin } from "./new/new_plugin.ts";
import type { TargetArgs } from "./plugin_target.ts";
import { testPlugin } from "./replay/test_plugin.ts";

interface TargetWords {
  readonly config?: string;
  readonly plugin?: string;
  readonly json: boolean;
}

interface TestWords extends TargetWords {
  readonly fixtures: string[];
  readonly update: boolean;
  readonly conformance: boolean;
  readonly only: string;
  /** Seconds. */
  readonly timeout: number;
}

interface BenchWords extends TargetWords {
  readonly rate: number;
  readonly concurrency: number;
  readonly seconds: number;
  readonly path: string;
  readonly header: string[];
}

/** `weir plugin new`, `test` and `bench`: for those who write plugins. */
export function addPlugin(program: Command, deps: CliDeps, ended: { code: number }): void {
  const plugin = program.command("plugin").description("make, test and time plugins");
  plugin
    .command("new")
    .description("make a folder with a plugin that works")
    .argument("<language>", LANGUAGES.join(", "))
    .argument("<name>", "name of the plugin: small letters, digits and dashes")
    .option("--dir <folder>", "folder to make; the plugin's name when absent")
    .option("--json", "answer in JSON", false)
    .action(async (language: string, name: string, o: { dir?: string; json: boolean }) => {
      ended.code = await newPlugin({ language, name, folder: o.dir ?? null, json: o.json }, deps.io);
    });
  const test = plugin.command("test").description("replay fixtures against a plugin, or the cases for libraries of plugins");
  target(test)
    .option("--fixtures <path>", "file or folder of fixtures; may be repeated; fixtures when absent", collect, [])
    .option("--update", "write down in the fixtures what the plugin answers", false)
    .option("--conformance", "run the cases for a library against its conformance plugin", false)
    .option("--only <words>", "run the cases whose name has these", "")
    .option("--timeout <seconds>", "how long each answer may take", readSeconds, 5)
    .action(async (command: string[], o: TestWords) => {
      const { fixtures, update, conformance, only, json } = o;
      const more = { fixtures, update, conformance, only, timeoutMs: o.timeout * 1000, json };
      ended.code = await testPlugin({ ...targetOf(command, o), ...more }, deps.io);
    });
  const bench = plugin.command("bench").description("measure calls of a plugin: round trips at a rate, and how many it answers");
  target(bench)
    .option("--rate <n>", "calls a second of the first round", readCount(100_000), 1000)
    .option("--concurrency <n>", "calls at once in the second round", readCount(1000), 64)
    .option("--seconds <n>", "how long each round takes", readSeconds, 3)
    .option("--path <path>", "path of the requests", "/")
    .option("-H, --header <field>", "header field 'name: value'; may be repeated", collect, [])
    .action(async (command: string[], o: BenchWords) => {
      const { rate, concurrency, seconds, path, header: headers, json } = o;
      ended.code = await benchPlugin({ ...targetOf(command, o), rate, concurrency, seconds, path, headers, json }, deps);
    });
}

/** Options of the commands that start a plugin. */
function target(command: Command): Command {
  return command
    .argument("[command...]", "behind --: what starts the plugin; that of the config when absent")
    .option("--config <file>", "config that has the plugin; weir.yaml when absent")
    .option("--plugin <name>", "which plugin of the config; the only one when absent")
    .option("--json", "answer in JSON", false);
}

function targetOf(command: readonly string[], { config, plugin }: TargetWords): TargetArgs {
  return { command, config: config ?? null, plugin: plugin ?? null };
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

function readSeconds(value: string): number {
  const n = Number(value);
  if (n > 0 && n <= 600) return n;
  throw new InvalidArgumentError("Give seconds from above 0 to 600.");
}

function readCount(most: number): (value: string) => number {
  return (value) => {
    const n = Number(value);
    if (/^[0-9]+$/.test(value) && n >= 1 && n <= most) return n;
    throw new InvalidArgumentError(`Give a number from 1 to ${most}.`);
  };
}
