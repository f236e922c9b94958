import { controlPath } from "../config/control_path.ts";
import { loadConfig } from "../source/file/load_config.ts";
import { type CliDeps, type ControlCommand, EXIT } from "./deps.ts";
import { wantsColor } from "./render/paint.ts";
import { renderProblems } from "./render/render_problems.ts";

export interface ControlArgs {
  readonly control: string | undefined;
  readonly config: string | undefined;
  readonly json: boolean;
  readonly binary?: string;
  readonly timeoutMs?: number;
}

/** `weir reload`, `upgrade`, `drain`, `stop`, `status` and `certs`: finds the control socket and asks there. */
export async function control(command: ControlCommand, args: ControlArgs, deps: CliDeps): Promise<number> {
  const socket = await findSocket(args, deps);
  if (socket === null) return EXIT.problems;
  const { json, binary, timeoutMs } = args;
  return await deps.control({
    command,
    socket,
    json,
    ...(binary === undefined ? {} : { binary }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
}

async function findSocket(args: ControlArgs, { io }: CliDeps): Promise<string | null> {
  if (args.control !== undefined) return args.control;
  if (args.config === undefined) return controlPath({ name: "weir", control: null }, io);
  const { model, problems } = await loadConfig(args.config, io.env, { runtime: io.runtime });
  if (model !== null) return controlPath(model, io);
  io.err(`${renderProblems(problems, { color: wantsColor(io.errIsTerminal, io.env) })}\n`);
  io.err("give --control: the config that would tell the control socket's path can't be read\n");
  return null;
}
