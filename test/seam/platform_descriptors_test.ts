import { describe, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";

const onDeno = "Deno" in globalThis;
const ADAPTERS = onDeno ? ["handles", "node:net"] : ["sockets", "node:net"];
const SUBJECT = join(import.meta.dirname, "platform/descriptors_subject.ts");
const LIMIT = 96;
const CLIENTS = 2 * LIMIT;

/** A child that may open few files, with its lines as they come. */
function startLimited(adapter: string): { child: ChildProcess; lines: AsyncIterator<string> } {
  const flags = onDeno ? ["run", "-A", "--no-check"] : [];
  const command = ["-c", `ulimit -n ${LIMIT}; exec "$@"`, "sh", process.execPath, ...flags, SUBJECT, adapter];
  const child = spawn("sh", command, { stdio: ["pipe", "pipe", "inherit"] });
  return { child, lines: createInterface({ input: child.stdout! })[Symbol.asyncIterator]() };
}

/** Says something and waits for the echo or for the end of the connection. */
function ask(port: number): Promise<{ socket: Socket; served: boolean }> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.once("connect", () => socket.write("x"));
    socket.once("data", () => resolve({ socket, served: true }));
    socket.once("close", () => resolve({ socket, served: false }));
  });
}

function ended(s: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (s.destroyed) resolve();
    else s.once("close", () => resolve()).end();
  });
}

describe("running out of descriptors", () => {
  for (const adapter of ADAPTERS) {
    test(`${adapter} on ${onDeno ? "deno" : "bun"}: sheds who is too many, serves the others, and recovers`, async () => {
      const { child, lines } = startLimited(adapter);
      try {
        const port = Number((await lines.next()).value);
        const asked = await Promise.all(Array.from({ length: CLIENTS }, () => ask(port)));
        const served = asked.filter((a) => a.served);
        expect(served.length).toBeGreaterThan(0);
        expect(served.length).toBeLessThan(LIMIT);
        await Promise.all(asked.map((a) => ended(a.socket)));
        // The room is counted again a moment after the last shedding: tries that come too early are shed.
        let again = await ask(port);
        while (!again.served) again = await ask(port);
        await ended(again.socket);
        child.stdin!.end();
        const { notices, code } = JSON.parse(String((await lines.next()).value)) as { notices: number; code: string };
        expect(code).toBe("noDescriptors");
        expect(notices).toBeGreaterThan(0);
        expect(notices).toBeLessThan(CLIENTS / 2);
      } finally {
        child.kill("SIGKILL");
      }
    }, 20_000);
  }
});
