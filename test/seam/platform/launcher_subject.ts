// Started by launcher_host_test.ts: starts a child that leaves grandchildren behind, and tells what it reaped and how its own child ended.
import process from "node:process";
import { createLauncherHost } from "../../../src/platform/launcher_host.ts";
import type { EndedChild, ProcessExit } from "../../../src/platform/types.ts";

/** One orphan ends by itself, one by a signal, and the child between them; each says who it is. */
const SCRIPT = `
sh -c 'echo exits $$; sleep 0.2; exit 5' &
sh -c 'echo killed $$; sleep 0.4; kill -KILL $$' &
exit 7`;

const host = createLauncherHost()!;
const reaped: EndedChild[] = [];
let own: ProcessExit | null = null;
let text = "";
host.adoptOrphans();
const child = host.processes.spawn(
  {
    command: "sh",
    args: ["-c", SCRIPT],
    env: { PATH: process.env["PATH"] ?? "" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  },
  {
    onStdout: (b) => {
      text += new TextDecoder().decode(b);
    },
    onExit: (how) => {
      own = how;
      look();
    },
  },
);

function look(): void {
  const notThis = own === null ? child.pid : 0;
  for (let e = host.reap(notThis); e !== null; e = host.reap(notThis)) reaped.push(e);
  if (own === null || reaped.length < 2 || text.split("\n").length < 3) return;
  const names = new Map(text.split("\n").map((l) => [Number(l.split(" ")[1]), l.split(" ")[0]]));
  const { code, signal } = own;
  console.log(
    JSON.stringify({
      own: { code, signal },
      reaped: reaped.map((r) => [names.get(r.pid), r.code, r.signal]).sort(),
      left: host.reap(0),
      gone: reaped.map((r) => host.isThere(r.pid)),
      there: host.isThere(process.pid),
    }),
  );
  process.exit(0);
}

process.on("SIGCHLD", look);
setInterval(look, 50);
