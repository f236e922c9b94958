import process from "node:process";
import { isMainThread } from "node:worker_threads";
import { wantsLauncher } from "./launcher/wants_launcher.ts";
import { isWorker } from "./server/processes/worker_message.ts";

/** The exit code of the last main process; null: there can be no launcher here. */
async function runLauncher(): Promise<number | null> {
  const { createLauncherHost } = await import("./platform/launcher_host.ts");
  const { launch } = await import("./launcher/launcher.ts");
  const say = (text: string): void => void process.stderr.write(`weir: ${text}\n`);
  const host = createLauncherHost();
  if (host === null) return null;
  // Its end would be the end of everything else.
  for (const event of ["uncaughtException", "unhandledRejection"])
    process.on(event, (e: unknown) => say(`the launcher goes on: ${String(e)}`));
  return await launch({ host, args: process.argv.slice(2), env: process.env, say });
}

// What runs is loaded when it is known: a launcher that stays for a container's life has no use for the code of a server.
if (isMainThread && wantsLauncher({ pid: process.pid, args: process.argv.slice(2), env: process.env })) {
  const code = await runLauncher();
  if (code !== null) process.exit(code);
}
if (isMainThread && isWorker(process.env)) await import("./worker_program.ts");
else await import("./program.ts");
