import type { ModuleKind } from "../../config/runtime_abilities.ts";
import type { Platform, ProcessExit } from "../../platform/types.ts";
import { type LoadModule, threw, unfit } from "./module_table.ts";

/** Set in the environment of a process that loads one module to say what it is, to a `ProbeOrder` in JSON. */
const PROBE_VARIABLE = "WEIR_MODULE_PROBE";
/** A module that is not loaded by then hangs: workers would be killed for it. */
const PROBE_MS = 10_000;
/** Of what the process says, the rest is the module's own. */
const MOST_SAID = 64 * 1024;

interface ProbeOrder {
  readonly path: string;
  readonly kind: ModuleKind;
  /** Stands before the answer: the module may write to the same stream. */
  readonly mark: string;
}

export interface ProbeHost {
  readonly platform: Platform;
  readonly env: Readonly<Record<string, string>>;
  /** See `Processes.selfCommand`. */
  readonly packages: ReadonlyMap<string, string>;
}

/** Loads a module in a process of its own, which is ended after ten seconds. Resolves with what is wrong with it; null: nothing. */
export function probeModule({ platform, env, packages }: ProbeHost, path: string, kind: ModuleKind): Promise<string | null> {
  const { processes } = platform;
  if (processes === null) return Promise.resolve(null);
  const order: ProbeOrder = { path, kind, mark: `\n${crypto.randomUUID()} ` };
  return new Promise((resolve) => {
    let said = "";
    let late = false;
    const child = processes.spawn(
      {
        ...processes.selfCommand([], "running", packages),
        env: { ...env, [PROBE_VARIABLE]: JSON.stringify(order) },
        stdin: "ignore",
        stdout: "pipe",
        stderr: "ignore",
      },
      {
        onStdout: (b) => {
          said = (said + new TextDecoder().decode(b)).slice(-MOST_SAID);
        },
        onExit: (how) => {
          timer.cancel();
          // What it wrote last comes behind its end.
          platform.setTimer(SETTLE_MS, () => resolve(late ? LATE : answerIn(said, order.mark, how)), true);
        },
      },
    );
    const timer = platform.setTimer(PROBE_MS, () => {
      late = true;
      child.kill("SIGKILL");
    });
  });
}

const SETTLE_MS = 20;
const LATE = `correct the module: it was not loaded within ${PROBE_MS / 1000} s`;

function answerIn(said: string, mark: string, how: ProcessExit): string | null {
  const at = said.lastIndexOf(mark);
  if (at < 0) {
    const end = how.failed?.message ?? (how.signal === null ? `exit code ${how.code}` : how.signal);
    return `correct the module: it ended the process that loaded it (${end})`;
  }
  return (JSON.parse(said.slice(at + mark.length)) as { wrong: string | null }).wrong;
}

/** What a process that was started by `probeModule` writes; null: this is none. The variable is taken out of `env`. */
export async function answerProbe(env: Record<string, string | undefined>, load: LoadModule): Promise<string | null> {
  const text = env[PROBE_VARIABLE];
  delete env[PROBE_VARIABLE];
  if (text === undefined) return null;
  const { path, kind, mark } = JSON.parse(text) as ProbeOrder;
  const wrong = await load(path).then((namespace) => unfit(namespace, kind), threw);
  return `${mark}${JSON.stringify({ wrong })}`;
}
