import { resolve } from "node:path";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { check } from "./check.ts";
import { control } from "./control.ts";
import { type CliDeps, type ControlCommand, EXIT, type ServeOptions } from "./deps.ts";
import { explain } from "./explain.ts";
import { addPlugin } from "./plugin/plugin_commands.ts";
import { proxy } from "./proxy.ts";
import { run } from "./run.ts";
import { schema } from "./schema.ts";
import { version, versionLine } from "./version.ts";

const CONTROL: Readonly<Record<Exclude<ControlCommand, "upgrade">, string>> = {
  reload: "read the config of a running weir again",
  drain: "let a running weir refuse new connections and finish what is in flight, then end",
  stop: "end a running weir at once",
  status: "tell how a running weir is",
  certs: "tell the certificates of a running weir: names, issuers, days left, problems",
};

interface ServeWords {
  readonly workers: number | "auto";
  readonly pidFile?: string;
}

interface ProxyOptions extends ServeWords {
  readonly from: string[];
  readonly to: string[];
  readonly host: string;
  readonly admin?: string;
  readonly control?: string;
  /** true: given without a place. */
  readonly accessLog?: string | true;
}

interface ExplainOptions {
  readonly header: string[];
  readonly listener?: string;
  readonly from?: string;
  readonly json: boolean;
}

/** Runs one command; the promise is the exit code. `argv` is what stands behind the program's name. */
export async function runCli(argv: readonly string[], deps: CliDeps): Promise<number> {
  const ended = { code: EXIT.done as number };
  const program = buildProgram(deps, ended);
  try {
    await program.parseAsync(argv as string[], { from: "user" });
    return ended.code;
  } catch (e) {
    if (!(e instanceof CommanderError)) throw e;
    return e.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
}

function buildProgram(deps: CliDeps, ended: { code: number }): Command {
  const { io } = deps;
  const program = new Command("weir");
  program
    .description("An edge proxy in one executable")
    .version(versionLine(deps.about), "--version", "tell the version")
    .showHelpAfterError("(weir help, or --help behind a command, tells more)")
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err });
  addRunning(program, deps, ended);
  addLooking(program, deps, ended);
  for (const command of Object.keys(CONTROL) as (keyof typeof CONTROL)[]) addControl(program, command, deps, ended);
  addUpgrade(program, deps, ended);
  addPlugin(program, deps, ended);
  return program;
}

function addRunning(program: Command, deps: CliDeps, ended: { code: number }): void {
  serving(program.command("run"))
    .description("run in the foreground")
    .argument("[config]", "config file", "weir.yaml")
    .action(async (config: string, o: ServeWords) => {
      ended.code = await run(config, serveOptions(o), deps);
    });
  serving(program.command("proxy"))
    .description("be a reverse proxy without a config file")
    .requiredOption("--from <address>", 'where to listen, such as ":8080"; may be repeated', collect)
    .requiredOption("--to <address>", 'where to send requests, such as "127.0.0.1:3000"; may be repeated', collect)
    .option("--host <host>", "host sent on: pass, endpoint or a name", "pass")
    .option("--admin <address>", "admin address; none when absent")
    .option("--control <path>", "control socket")
    .option("--access-log [to]", "write an access log as JSON lines to stdout, stderr or a file")
    .action(async (o: ProxyOptions) => {
      const accessLog = o.accessLog === true ? "stdout" : (o.accessLog ?? null);
      const { from, to, host } = o;
      const wishes = { from, to, host, admin: o.admin ?? null, control: o.control ?? null, accessLog };
      ended.code = await proxy(wishes, serveOptions(o), deps);
    });
}

/** Options of all commands that serve. `main.ts` has looked at those of the launcher before anything else was loaded. */
function serving(command: Command): Command {
  return command
    .option("--workers <n>", "worker processes; auto: one for each core that may be used", readWorkers, 1)
    .option("--pid-file <path>", "file that tells the number of the main process")
    .option(
      "--launcher",
      "stay in front as a small process that reaps, and passes signals and the exit code on; as process 1 it does",
    )
    .option("--no-launcher", "don't, as process 1 either");
}

function serveOptions({ workers, pidFile }: ServeWords): ServeOptions {
  return { workers, pidFile: pidFile === undefined ? null : resolve(pidFile) };
}

function addLooking(program: Command, deps: CliDeps, ended: { code: number }): void {
  const { io } = deps;
  program
    .command("check")
    .description("find every problem in configs")
    .argument("<config...>", "config files")
    .option("--json", "answer in JSON", false)
    .action(async (configs: string[], o: { json: boolean }) => {
      ended.code = await check({ configs, json: o.json }, io);
    });
  program
    .command("explain")
    .description("tell which route a request takes, and why")
    .argument("<config>", "config file")
    .argument("<method>", "method of the request")
    .argument("<url>", "URL of the request; its port chooses the listener")
    .option("-H, --header <field>", "header field 'name: value'; may be repeated", collect, [])
    .option("--listener <name>", "listener that gets the request")
    .option("--from <address>", "IP address of the client, for what ranges decide")
    .option("--json", "answer in JSON", false)
    .action(async (config: string, method: string, url: string, o: ExplainOptions) => {
      const { header: headers, listener = null, from = null, json } = o;
      ended.code = await explain({ config, method, url, headers, listener, from, json }, io);
    });
  program
    .command("schema")
    .description("print the JSON Schema of the config")
    .action(async () => {
      ended.code = await schema(io);
    });
  program
    .command("version")
    .description("tell version, runtime and build")
    .option("--json", "answer in JSON", false)
    .action(async (o: { json: boolean }) => {
      ended.code = await version(o.json, deps.about, io);
    });
}

function addUpgrade(program: Command, deps: CliDeps, ended: { code: number }): void {
  program
    .command("upgrade")
    .description("let another process go on in the place of a running weir, without a gap")
    .argument("[binary]", "the program that goes on; the one that runs, as it is on disk now, when absent")
    .option("--timeout <seconds>", "how long it may take until it is ready", readSeconds, 60)
    .option("--control <path>", "control socket of the running weir")
    .option("--config <file>", "config that tells the control socket")
    .option("--json", "answer in JSON", false)
    .action(async (binary: string | undefined, o: { timeout: number; control?: string; config?: string; json: boolean }) => {
      const { control: path, config, json, timeout } = o;
      const program = binary === undefined ? {} : { binary: resolve(binary) };
      ended.code = await control("upgrade", { control: path, config, json, timeoutMs: timeout * 1000, ...program }, deps);
    });
}

function addControl(program: Command, command: keyof typeof CONTROL, deps: CliDeps, ended: { code: number }): void {
  program
    .command(command)
    .description(CONTROL[command])
    .option("--control <path>", "control socket of the running weir")
    .option("--config <file>", "config that tells the control socket")
    .option("--json", "answer in JSON", false)
    .action(async (o: { control?: string; config?: string; json: boolean }) => {
      ended.code = await control(command, { control: o.control, config: o.config, json: o.json }, deps);
    });
}

function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}

function readSeconds(value: string): number {
  const n = Number(value);
  if (n >= 1 && n <= 3600) return n;
  throw new InvalidArgumentError(`Give seconds from 1 to 3600.`);
}

/** More than a host has cores for; each has a process of some 30 MiB. */
const MOST_WORKERS = 1024;

function readWorkers(value: string): number | "auto" {
  if (value === "auto") return value;
  const n = Number(value);
  if (/^[0-9]+$/.test(value) && n >= 1 && n <= MOST_WORKERS) return n;
  throw new InvalidArgumentError(`Give auto, or a number from 1 to ${MOST_WORKERS}.`);
}
