import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Peer } from "../peers/peer.ts";
import { type Certificate, makeCertificate } from "./certificate.ts";
import { type Child, startOnLoadCore } from "./child.ts";
import { answers } from "./ready.ts";
import { CLEARTEXT, type Scene } from "./scene.ts";
import { startTlsOrigin } from "./tls_origin.ts";
import { loadTool } from "./tools.ts";

const LOGGED_MS = 5_000;
const ORIGINS = { h1: "origin", h2c: "origin_h2", udp: "origin_udp" } as const;

/** A proxy that runs and answers. */
export interface Subject {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  /** One line of its access log, as proof and for the report. */
  readonly logLine: string;
  /** The last of what it said on standard error. */
  said(): string;
  /** Its access log, emptied between rounds so that a long run fills no disk. */
  emptyLog(): void;
}

export interface Arena {
  readonly subjects: readonly Subject[];
  /** For files of the run. */
  readonly directory: string;
  close(): Promise<void>;
}

/** Starts the origin and each peer, all at once: a round on one leaves the others idle. Throws when one doesn't answer or doesn't log. */
export async function openArena(peers: readonly Peer[], scene: Scene = CLEARTEXT): Promise<Arena> {
  const directory = mkdtempSync(join(tmpdir(), "weir-rivals-"));
  const children: Child[] = [];
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  process.on("exit", remove);
  const close = async (): Promise<void> => {
    await Promise.all(children.map((c) => c.stop()));
    remove();
    process.off("exit", remove);
  };
  try {
    const certificate = scene.tls ? makeCertificate(directory) : null;
    const { child: origin, port: originPort } = await startOrigin(scene, directory, certificate);
    children.push(origin);
    const subjects: Subject[] = [];
    for (const peer of peers) {
      const own = join(directory, peer.name.replaceAll(" ", "-"));
      mkdirSync(own);
      const [port, adminPort] = await freePorts();
      const child = peer.start({
        directory: own,
        port,
        adminPort,
        originPort,
        certificate: scene.layer === "http" ? certificate : null,
        ...scene,
      });
      children.push(child);
      const log = join(own, "access.log");
      await answers(child, port, scene);
      const logs = peer.logsNothing !== true;
      const logLine = logs ? await firstLogLine(child, log) : "";
      const emptyLog = (): void => (logs ? truncateSync(log) : undefined);
      subjects.push({ name: peer.name, pid: child.pid, port, logLine, said: child.said, emptyLog });
    }
    return { subjects, directory, close };
  } catch (e) {
    await close();
    throw e;
  }
}

async function startOrigin(
  scene: Scene,
  directory: string,
  certificate: Certificate | null,
): Promise<{ readonly child: Child; readonly port: number }> {
  if (scene.origin === "tls") {
    const [port] = await freePorts();
    return { child: startTlsOrigin(directory, port, certificate!), port };
  }
  const child = startOnLoadCore("origin", [loadTool(ORIGINS[scene.origin])]);
  return { child, port: Number(await nextLine(child.process)) };
}

/** The next line that a tool prints. */
export function nextLine(p: ChildProcess): Promise<string> {
  return new Promise((done, fail) => {
    let text = "";
    const onData = (b: Buffer): void => {
      text += b.toString();
      if (!text.includes("\n")) return;
      settle();
      done(text.slice(0, text.indexOf("\n")));
    };
    const onExit = (): void => {
      settle();
      fail(new Error("a load tool ended before it had printed a line"));
    };
    const settle = (): void => {
      p.stdout!.off("data", onData);
      p.off("exit", onExit);
    };
    p.stdout!.on("data", onData);
    p.on("exit", onExit);
  });
}

async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()];
  const ports = await Promise.all(
    servers.map(
      (s) => new Promise<number>((done) => s.listen(0, "127.0.0.1", () => done((s.address() as { port: number }).port))),
    ),
  );
  await Promise.all(servers.map((s) => new Promise((done) => s.close(done))));
  return [ports[0]!, ports[1]!];
}

async function firstLogLine(child: Child, log: string): Promise<string> {
  for (const until = Date.now() + LOGGED_MS; Date.now() < until; await Bun.sleep(50)) {
    const text = existsSync(log) ? readFileSync(log, "utf8") : "";
    if (text.includes("\n")) return text.slice(0, text.indexOf("\n"));
  }
  throw new Error(`${child.name} wrote no access log to '${log}' within ${LOGGED_MS} ms`);
}
