import { type About, type CliIo, EXIT } from "./deps.ts";

/** `weir version`. */
export function version(json: boolean, about: About, io: Pick<CliIo, "out">): Promise<number> {
  io.out(json ? `${JSON.stringify({ name: "weir", ...about })}\n` : `${versionLine(about)}\n`);
  return Promise.resolve(EXIT.done);
}

/** `weir 0.1.0 (bun 1.4.5, linux x64)`. */
export function versionLine(about: About): string {
  return `weir ${about.version} (${about.runtime}, ${about.build})`;
}
