import process from "node:process";
import { messageOf } from "./call_error.ts";
import { descriptionOf } from "./description.ts";
import type { Plugin } from "./plugin.ts";
import { Reader } from "./reader.ts";
import { Session } from "./session.ts";
import { takeStdio } from "./stdio.ts";
import { Writer } from "./writer.ts";

const COOKIE = "stdio-jsonrpc-1";

/** Runs the plugin on standard input and output until the host ends it. */
export function serve<Config = unknown>(plugin: Plugin<Config>): void {
  if (process.argv.includes("--describe")) {
    process.stdout.write(`${JSON.stringify(descriptionOf(plugin))}\n`, () => process.exit(0));
    return;
  }
  if (process.env["WEIR_PLUGIN"] !== COOKIE) {
    process.stderr.write(
      `${plugin.name} ${plugin.version} is a plugin of Weir, which starts it: name it under plugins in its config\n`,
    );
    process.exitCode = 1;
    return;
  }
  const stdio = takeStdio();
  const writer = new Writer(stdio.write);
  const end = (code: number): void => {
    writer.flush();
    stdio.end(code);
  };
  const session = new Session(plugin, writer, end);
  const reader = new Reader((message, frame) => session.message(message, frame));
  stdio.read(
    (chunk) => {
      try {
        reader.read(chunk);
      } catch (e) {
        process.stderr.write(`the host has sent what is no message: ${messageOf(e)}\n`);
        end(1);
      }
      writer.flush();
    },
    () => void session.inputEnded(),
  );
}
