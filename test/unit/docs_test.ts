import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { ConfigFiles } from "../../src/source/file/config_files.ts";
import { parseConfig } from "../../src/source/file/load_config.ts";
import { dns, mint } from "../support/mint.ts";

const root = join(import.meta.dirname, "..", "..");

/** Examples may name any file and any variable. */
const anyFile: ConfigFiles = { read: async (path) => textOf(path), list: async () => [] };
const pair = mint({ name: "example", notAfter: Date.UTC(2049, 0, 1), extensions: [dns("example.com", "*.example.com")] });
const anyVariable = new Proxy<Record<string, string>>({}, { get: () => "value" });

/** Commands that the pages may use without having them here. */
const COMMON = new Set([
  "apk",
  "cat",
  "cd",
  "cp",
  "curl",
  "docker",
  "echo",
  "git",
  "kill",
  "kubectl",
  "mkdir",
  "mv",
  "node",
  "openssl",
  "printf",
  "systemctl",
]);

/** As the command line knows them: named where they are added, or a key of the table of those that go to the control socket. */
const cli = ["cli.ts", "plugin/plugin_commands.ts"].map((f) => readFileSync(join(root, "src", "cli", f), "utf8")).join("\n");
const weirCommands = new Set(
  [...cli.matchAll(/\.command\("([a-z-]+)/g), ...cli.matchAll(/^ {2}"?([a-z-]+)"?: "/gm)].map((m) => m[1]!),
);

function textOf(path: string): string {
  if (/\.(?:pem|crt)$/.test(path)) return pair.pem;
  if (path.endsWith(".key")) return pair.keyPem;
  if (/endpoints\.(?:yaml|json)$/.test(path)) return "[]";
  return path.endsWith(".yaml") ? "" : "text of a file";
}

interface Block {
  readonly page: string;
  readonly line: number;
  readonly kind: string;
  readonly text: string;
}

const pages = [
  join(root, "README.md"),
  ...readdirSync(join(root, "docs"), { recursive: true }).map((p) => join(root, "docs", String(p))),
]
  .filter((p) => p.endsWith(".md") && existsSync(p))
  .map((path) => ({ path, name: relative(root, path), text: readFileSync(path, "utf8") }));
const blocks = pages.flatMap((page) => blocksOf(page.name, page.text));

describe("configs in the documentation", () => {
  for (const block of blocks.filter((b) => b.kind === "yaml" || b.kind === "json")) {
    if (!isConfig(block.text)) continue;
    test(`${block.page}:${block.line} has no problem`, async () => {
      const { problems } = await parseConfig(block.text, block.page, anyVariable, anyFile);
      // What has no place is missing from the whole, and an example is a part.
      const errors = problems.filter((p) => p.severity === "error" && p.place !== null);
      expect(errors.map((p) => `${block.page}:${block.line + (p.place?.line ?? 0)}: ${p.message}`)).toEqual([]);
    });
  }

  test("are found, and a wrong one is not accepted", async () => {
    expect(blocks.filter((b) => b.kind === "yaml").length).toBeGreaterThan(2);
    const { problems } = await parseConfig("clusters: { app: { endpoint: [] } }\n", "page.md", anyVariable, anyFile);
    expect(problems.some((p) => p.severity === "error")).toBe(true);
  });
});

describe("commands in the documentation", () => {
  for (const block of blocks.filter((b) => b.kind === "sh")) {
    test(`${block.page}:${block.line} can be typed`, () => {
      expect(commandsOf(block.text).filter((words) => !exists(words))).toEqual([]);
    });
  }

  test("are found, and a made-up one is not accepted", () => {
    expect(commandsOf("FOO=1 ./weir run a.yaml &\n# note\ncurl -s x | ./nothing --to y\n")).toEqual([
      ["./weir", "run", "a.yaml"],
      ["curl", "-s", "x"],
      ["./nothing", "--to", "y"],
    ]);
    expect(exists(["./nothing"])).toBe(false);
    expect(exists(["./weir", "run", "config/none.yaml"])).toBe(false);
    expect(exists(["weir", "frobnicate"])).toBe(false);
    expect(exists(["./test.sh"])).toBe(true);
  });
});

describe("links in the documentation", () => {
  for (const page of pages) {
    test(`${page.name} points at files that are there`, () => {
      const links = [...page.text.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map((m) => m[1]!);
      const local = links.filter((l) => !/^[a-z]+:/.test(l));
      expect(local.filter((l) => !existsSync(join(dirname(page.path), l)))).toEqual([]);
    });
  }
});

function blocksOf(page: string, text: string): Block[] {
  return [...text.matchAll(/^```(\w+)[^\n]*\n([\s\S]*?)^```$/gm)].map((m) => ({
    page,
    line: text.slice(0, m.index).split("\n").length,
    kind: m[1]!,
    text: m[2]!,
  }));
}

/** What has a key of a config at its left edge; other YAML, such as Kubernetes' resources, has none. */
function isConfig(text: string): boolean {
  return (
    /^"?(?:listeners|routes|clusters|accessLog|log|admin|observe|drain|limits|defaults|include|user|control|name)"?:|^\{/m.test(
      text,
    ) && !/^(?:apiVersion|services):/m.test(text)
  );
}

/** The words of each command, without comments, assignments in front, redirections behind, and the prompt. */
function commandsOf(text: string): string[][] {
  return text
    .replaceAll("\\\n", " ")
    .split("\n")
    .flatMap((line) => line.replace(/(^|\s)#.*$/, "").split(/\s(?:\|\||&&|[|&;])(?:\s|$)/))
    .map((command) => command.trim().replace(/^\$ /, "").split(/\s+/))
    .map((words) => words.slice(words.findIndex((w) => !/^[A-Z_]+=/.test(w))))
    .filter((words) => words[0] !== "");
}

/** Whether the program is here, or common, and the files of this repository among its arguments are there. */
function exists(words: readonly string[]): boolean {
  const [program, ...args] = words;
  const isHere = (path: string): boolean => existsSync(join(root, path));
  const missing = args.filter((a) => /^(?:config|bench|docs|test|tools|src)\//.test(a) && !isHere(a));
  if (missing.length > 0) return false;
  if (/^(?:\.\/|dist\/|\.\/dist\/)?weir$/.test(program!)) return weirCommands.has(args.find((a) => !a.startsWith("-")) ?? "run");
  if (program!.startsWith("./") || program!.includes("/"))
    return isHere(program!) && (statSync(join(root, program!)).mode & 0o111) !== 0;
  return COMMON.has(program!);
}
