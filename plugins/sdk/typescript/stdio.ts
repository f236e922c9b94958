import type { Buffer } from "node:buffer";
import process from "node:process";

export interface Stdio {
  write(data: string | Uint8Array): void;
  read(onData: (chunk: Buffer) => void, onEnd: () => void): void;
  /** Ends the process when all that was written has gone out. */
  end(code: number): void;
}

/**
 * Standard input and output for messages alone. What code prints by the console or process.stdout goes to standard error from now on:
 * a stray line between messages would end the plugin.
 */
export function takeStdio(): Stdio {
  const { stdin, stdout, stderr } = process;
  const write = stdout.write.bind(stdout);
  const divert = stderr.write.bind(stderr);
  stdout.write = divert as typeof stdout.write;
  for (const name of ["log", "info", "debug", "table", "dir"] as const) globalThis.console[name] = globalThis.console.error;
  // The host is gone: the end of the input says so too.
  stdout.on("error", () => undefined);
  return {
    write: (data) => void write(data),
    read: (onData, onEnd) => {
      stdin.on("data", onData);
      stdin.on("end", onEnd);
      stdin.on("error", onEnd);
    },
    end: (code) => void write("", () => process.exit(code)),
  };
}
