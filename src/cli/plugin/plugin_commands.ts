import type { Command } from "commander";
import type { CliDeps } from "../deps.ts";
import { LANGUAGES, newPlugin } from "./new/new_plugin.ts";

/** `weir plugin new`, `test` and `bench`: for those who write plugins. */
export function addPlugin(program: Command, deps: CliDeps, ended: { code: number }): void {
  const plugin = program.command("plugin").description("make, test and time plugins");
  plugin
    .command("new")
    .description("make a folder with a plugin that works")
    .argument("<language>", LANGUAGES.join(", "))
    .argument("<name>", "name of the plugin: small letters, digits and dashes")
    .option("--dir <folder>", "folder to make; the plugin's name when absent")
    .option("--json", "answer in JSON", false)
    .action(async (language: string, name: string, o: { dir?: string; json: boolean }) => {
      ended.code = await newPlugin({ language, name, folder: o.dir ?? null, json: o.json }, deps.io);
    });
}
