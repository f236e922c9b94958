import { accessSync, constants, mkdirSync, statSync, writeFileSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { type CliIo, EXIT } from "../../deps.ts";
import { exampleConfig, exampleFixture, exampleReadme } from "./example_files.ts";
import { goKit } from "./go.ts";
import type { FileText, Kit, MakeKit } from "./kit.ts";
import { checkPluginName } from "./plugin_name.ts";
import { pythonKit } from "./python.ts";
import { rustKit } from "./rust.ts";
import { shellKit } from "./shell.ts";
import { typescriptKit } from "./typescript.ts";

const KITS: ReadonlyMap<string, MakeKit> = new Map<string, MakeKit>([
  ["python", pythonKit],
  ["go", goKit],
  ["rust", rustKit],
  ["typescript", typescriptKit],
  ["shell", shellKit],
]);

export const LANGUAGES: readonly string[] = [...KITS.keys()];

export interface NewPluginArgs {
  readonly language: string;
  readonly name: string;
  /** null: the plugin's name, where weir was started. */
  readonly folder: string | null;
  readonly json: boolean;
}

/** `weir plugin new LANG NAME`: writes a folder with a plugin that works. 2: no such language, or no name; 1: it can't be written. */
export async function newPlugin({ language, name, folder, json }: NewPluginArgs, io: CliIo): Promise<number> {
  const make = KITS.get(language);
  const wrong =
    make === undefined
      ? `pass one of ${LANGUAGES.join(", ")}: found ${JSON.stringify(language)}`
      : checkPluginName(name, language);
  if (make === undefined || wrong !== null) {
    io.err(`weir: ${wrong}\n`);
    return EXIT.usage;
  }
  const kit = await make(name, (program) => isProgram(program, io.env["PATH"] ?? ""));
  const place = folder ?? name;
  const files = [...exampleFiles(name, kit), ...kit.files];
  const refused = writeFiles(place, files);
  if (refused !== null) {
    io.err(`weir: ${refused}\n`);
    return EXIT.problems;
  }
  if (json) {
    const { command, build, needs } = kit;
    const paths = files.map((f) => f.path);
    const config = { plugins: `${name}: ${kit.config(place)}` };
    io.out(`${JSON.stringify({ name, language, folder: place, files: paths, needs, build, command, config }, null, 2)}\n`);
  } else io.out(whatNext(name, place, kit, files.length));
  return EXIT.done;
}

function exampleFiles(name: string, kit: Kit): readonly FileText[] {
  return [
    { path: "README.md", text: exampleReadme(name, kit) },
    { path: "weir.yaml", text: exampleConfig(name, kit) },
    { path: "fixtures/hello.json", text: exampleFixture(name) },
  ];
}

/** Null: all were written. Nothing that is there is touched. */
function writeFiles(folder: string, files: readonly FileText[]): string | null {
  try {
    if (dirname(folder) !== ".") mkdirSync(dirname(folder), { recursive: true });
    // Not recursive, so that it fails where the folder is there already.
    mkdirSync(folder);
    for (const { path, text, isProgram: starts } of files) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text, { flag: "wx", mode: starts === true ? 0o755 : 0o644 });
    }
    return null;
  } catch (e) {
    const { message, name, code } = e as NodeJS.ErrnoException;
    if (code === "EEXIST" || name === "AlreadyExists")
      return `choose another name, or a folder with --dir: ${folder} is there already`;
    return `make ${folder} writable, or choose a folder with --dir: ${message}`;
  }
}

function whatNext(name: string, folder: string, kit: Kit, count: number): string {
  const command = kit.command.join(" ");
  const lines = [
    `made ${folder}: a plugin that works, ${count} files. It needs ${kit.needs}.`,
    "",
    "try it:",
    `  cd ${folder}`,
    ...(kit.build === null ? [] : [`  ${kit.build}`]),
    "  weir run weir.yaml",
    `  curl -i http://127.0.0.1:8080/       from another terminal: the reply has x-hello: ${name}`,
    "",
    `change ${kit.main}, and there:`,
    `  weir plugin test -- ${command}`,
    `  weir plugin bench -- ${command}`,
    "",
    `in a config of yours, where a route names it with filters: [{ plugin: ${name} }]:`,
    "  plugins:",
    `    ${name}: ${kit.config(isAbsolute(folder) ? folder : folder.replace(/\/$/, ""))}`,
  ];
  return `${lines.join("\n")}\n`;
}

function isProgram(program: string, path: string): boolean {
  return path.split(delimiter).some((folder) => {
    const file = join(folder, program);
    try {
      accessSync(file, constants.X_OK);
      return statSync(file).isFile();
    } catch {
      return false;
    }
  });
}
