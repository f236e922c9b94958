import type { PluginSpec } from "../config/plugin_model.ts";
import type { Platform, ProcessExit } from "../platform/types.ts";
import { pluginVariables } from "./process/plugin_variables.ts";
import { type Description, readDescription } from "./protocol/read_description.ts";

/** What a description may have of standard output. */
const MOST_BYTES = 1024 * 1024;
/** Of standard error, for people. */
const SHOWN = 500;

/**
 * Starts a plugin with `--describe` and reads what it says of itself. A string: what is wrong with it, for people.
 */
export async function describePlugin(
  platform: Pick<Platform, "processes" | "setTimer">,
  env: Readonly<Record<string, string | undefined>>,
  spec: PluginSpec,
): Promise<string | Description> {
  const said = await outputOf(platform, env, spec);
  if (said.wrong !== null) return said.wrong;
  return readDescription(said.out);
}

function outputOf(
  platform: Pick<Platform, "processes" | "setTimer">,
  env: Readonly<Record<string, string | undefined>>,
  { command, cwd, env: own, startMs }: PluginSpec,
): Promise<{ readonly out: string; readonly wrong: string | null }> {
  const { processes } = platform;
  if (processes === null)
    return Promise.resolve({ out: "", wrong: "run weir on a system that has processes: it can have none here" });
  return new Promise((resolve) => {
    const text = new TextDecoder();
    let out = "";
    let err = "";
    let how: ProcessExit | null = null;
    let late = false;
    const child = processes.spawn(
      {
        command: command[0]!,
        args: [...command.slice(1), "--describe"],
        env: pluginVariables(env, own),
        ...(cwd === null ? {} : { cwd }),
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
      },
      {
        onStdout: (b) => {
          if (out.length < MOST_BYTES) out += text.decode(b, { stream: true });
        },
        onStderr: (b) => {
          if (err.length < SHOWN) err += new TextDecoder().decode(b);
        },
        onExit: (exit) => {
          how = exit;
          timer.cancel();
        },
        onClose: () => resolve({ out, wrong: wrongIn(how!, late, err.trim().slice(0, SHOWN), startMs) }),
      },
    );
    const timer = platform.setTimer(
      startMs,
      () => {
        late = true;
        child.kill("SIGKILL");
      },
      true,
    );
  });
}

function wrongIn({ code, signal, failed }: ProcessExit, late: boolean, err: string, startMs: number): string | null {
  const more = err === "" ? "" : `; it says: ${err}`;
  if (late) return `have it answer --describe: it did not end within ${startMs} ms${more}`;
  if (failed !== null) return failed.message;
  if (signal !== null) return `have it answer --describe: it was ended by ${signal}${more}`;
  return code === 0 ? null : `have it answer --describe: it ended with code ${code}${more}`;
}
