import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join, normalize, posix } from "node:path";
import { BUILD } from "../src/base/build.ts";
import { type Import, importsOf, lineAt, type Scan, scanSource } from "./support/source_scan.ts";

const root = join(import.meta.dirname, "..");

const RANK_OF_EXPORT = 5;

/** A file imports from a lower rank or from its own folder. A folder below one that stands here belongs to it, unless it stands here itself. */
const RANKS: Readonly<Record<string, number>> = {
  base: 0,
  platform: 1,
  http: 1,
  telemetry: 1,
  config: 1,
  "http/h1": 2,
  "http/h2": 2,
  rpc: 2,
  proxy_protocol: 2,
  tls: 2,
  wire: 2,
  filter: 2,
  router: 3,
  upstream: 3,
  exchange: 4,
  stream: 4,
  filters: 5,
  export: RANK_OF_EXPORT,
  plugin: 5,
  static: 5,
  handler: 5,
  wasm: 5,
  source: 6,
  launcher: 6,
  server: 7,
  cli: 8,
  "this_process.ts": 9,
  "program.ts": 10,
  "worker_program.ts": 10,
  "main.ts": 11,
};

/** They put the program together, so they may import anything. */
const ENTRIES: readonly string[] = ["main.ts", "program.ts", "worker_program.ts", "this_process.ts"];

/** Folders whose own folders are siblings: they share what lies beside them, and nothing of each other. */
const FAMILIES: ReadonlySet<string> = new Set(["filters", "source"]);

/** Which folders may use which library. What is not here may be used by the entries alone. */
const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  "@logtape/logtape": ["telemetry"],
  commander: ["cli"],
  "dns-packet": ["platform"],
  hono: ["server", "filters"],
  "ipaddr.js": ["base", "source"],
  "prom-client": ["export"],
  re2js: ["router", "source"],
  yaml: ["source", "cli"],
  // plugin/protocol: the messages of plugins, so that their types, their JSON Schema and the check of a handshake have one source.
  zod: ["source", "plugin/protocol"],
};

/** Files of plugins/ that are inside the program as text, and who has them there. */
const TEXTS_IN: readonly string[] = ["cli/plugin/new/sdk_files.ts", "cli/plugin/replay/conformance_cases.ts"];

/** Modules of the runtimes that all of them have. */
const NODE_MODULES_IN: readonly string[] = ["platform", "tls", "export", "source/file", "launcher", "server", "cli", ...ENTRIES];
/** Bun's and Deno's own names and modules. */
const RUNTIME_IN: readonly string[] = ["platform", ...ENTRIES];

interface SourceFile {
  /** Relative to src, with slashes. */
  readonly path: string;
  readonly source: string;
  readonly scan: Scan;
  readonly imports: readonly Import[];
  readonly lines: number;
}

const files: readonly SourceFile[] = listFiles(join(root, "src"), (n) => n.endsWith(".ts")).map((path) => {
  const source = readFileSync(join(root, "src", path), "utf8");
  const scan = scanSource(source);
  return { path, source, scan, imports: importsOf(scan), lines: source.split("\n").length - 1 };
});

describe("direction of imports", () => {
  test("every folder of src has a rank", () => {
    expect(files.length).toBeGreaterThan(20);
    expect(files.filter((f) => unitOf(f.path) === null).map((f) => f.path)).toEqual([]);
  });

  test("a file imports from a lower rank or its own folder", () => {
    expect(offences((f) => f.imports, edgeFault)).toEqual([]);
  });

  test("the rule refuses what it is there for", () => {
    expect(fault("base/bytes.ts", "../http/head.ts")).toContain("rank");
    expect(fault("http/codec.ts", "./h1/reader.ts")).toContain("rank");
    expect(fault("router/match.ts", "../upstream/host.ts")).toContain("rank");
    expect(fault("source/file/a.ts", "../kube/b.ts")).toContain("sibling");
    expect(fault("wire/flusher.ts", "../platform/bun.ts")).toContain("adapter");
    expect(fault("exchange/a.ts", "hono")).toContain("hono");
    expect(fault("exchange/a.ts", "node:net")).toContain("node:net");
    expect(fault("server/a.ts", "bun:ffi")).toContain("bun:ffi");
    expect(fault("server/a.ts", "../../test/support/x.ts")).toContain("outside src");
    expect(fault("http/h1/reader.ts", "../codec.ts")).toBeNull();
    expect(fault("upstream/pool/pool.ts", "../host.ts")).toBeNull();
    expect(fault("main.ts", "./platform/bun.ts")).toBeNull();
  });

  test("no module needs itself to load", () => {
    expect(findCycles()).toEqual([]);
  });

  test("imports name what they import as a literal", () => {
    expect(
      offences(
        (f) => f.imports,
        (f, i) => (i.specifier === "?" && !ENTRIES.includes(f.path) ? "import of a computed name" : null),
      ),
    ).toEqual([]);
  });
});

describe("what the core may know", () => {
  test("only platform and the entries name a runtime", () => {
    expect(words(/(?<![.\w$])(?:Bun|Deno)\b/g, (f) => !isIn(f.path, RUNTIME_IN))).toEqual([]);
  });

  test("Node's globals stay where its modules may be used", () => {
    expect(
      words(/(?<![.\w$#])(?:process\s*[.[]|__dirname\b|__filename\b|setImmediate\b)/g, (f) => !isIn(f.path, NODE_MODULES_IN)),
    ).toEqual([]);
  });

  test("time comes from the platform's clock", () => {
    const belowExport = (f: SourceFile): boolean => rankOf(f.path) < RANK_OF_EXPORT && !isIn(f.path, ["platform"]);
    expect(
      words(/(?<![.\w$#])(?:setTimeout|setInterval|performance)\b|\bDate\s*\.\s*now\b|\bnew\s+Date\s*\(\s*\)/g, belowExport),
    ).toEqual([]);
  });

  test("protocol code makes no promise", () => {
    const isProtocol = (f: SourceFile): boolean =>
      isIn(f.path, ["http", "http/h1", "http/h2", "proxy_protocol", "rpc", "router"]);
    expect(words(/(?<![.\w$#])(?:Promise|async|await|queueMicrotask)\b/g, isProtocol)).toEqual([]);
  });
});

describe("house rules", () => {
  test("files are short", () => {
    const lengths = files.map((f) => f.lines).sort((a, b) => a - b);
    const longest = files.filter((f) => f.lines > 350).map((f) => `${f.path}: ${f.lines}`);
    expect(lengths[Math.floor(lengths.length / 2)]!).toBeLessThanOrEqual(130);
    expect(longest.length, longest.join("\n")).toBeLessThanOrEqual(Math.floor(files.length / 10));
  });

  test("a file over 600 lines says why in its header", () => {
    const bare = files.filter(
      (f) => f.lines > 600 && !/^\/\/ (?:Table|Generated)\b.+/m.test(f.source.split("\n").slice(0, 5).join("\n")),
    );
    expect(bare.map((f) => `${f.path}: ${f.lines}`)).toEqual([]);
  });

  test("files are named in snake_case, and only tests as tests", () => {
    expect(
      files.map((f) => f.path).filter((p) => !/^(?:[a-z0-9_]+\/)*[a-z0-9_]+(?:\.d)?\.ts$/.test(p) || p.endsWith("_test.ts")),
    ).toEqual([]);
    const tests = listFiles(join(root, "test"), (n) => n.endsWith(".ts"));
    expect(tests.filter((p) => !/^(?:[a-z0-9_]+\/)*[a-z0-9_]+(?:\.d)?\.ts$/.test(p))).toEqual([]);
  });

  test("unit tests mirror the folders of src", () => {
    const folders = new Set(files.map((f) => posix.dirname(f.path)));
    const strays = listFiles(join(root, "test", "unit"), (n) => n.endsWith("_test.ts")).filter(
      (p) => !folders.has(posix.dirname(p)),
    );
    expect(strays.filter((p) => p.includes("/"))).toEqual([]);
  });

  test("no any outside platform", () => {
    expect(words(/(?::\s*|<|\bas\s+|\|\s*)any\b|\bany(?:\[\]|>)/g, (f) => !isIn(f.path, ["platform"]))).toEqual([]);
  });

  test("no enums, namespaces, default exports, or modifiers that # stands for", () => {
    // A declaration file says what a library has, and that may be one.
    expect(words(/\bexport\s+default\b|\bexport\s*\{[^}]*\bas\s+default\b/g, (f) => !f.path.endsWith(".d.ts"))).toEqual([]);
    expect(words(/^\s*(?:export\s+)?(?:declare\s+)?(?:const\s+)?enum\s+\w/gm)).toEqual([]);
    expect(words(/^\s*(?:export\s+)?(?:declare\s+)?namespace\s+\w/gm)).toEqual([]);
    expect(words(/(?:^|[(,])\s*(?:private|public)\s+\w/gm)).toEqual([]);
  });

  test("the type checker is not silenced without a reason", () => {
    const silenced = (c: string): boolean =>
      /@ts-(?:ignore|nocheck)\b/.test(c) || /@ts-expect-error\s*(?:\*\/)?$/.test(c) || /biome-ignore [\w/]+\s*(?:\*\/)?$/.test(c);
    expect(files.flatMap((f) => f.scan.comments.filter((c) => silenced(c.text)).map((c) => where(f, c.at)))).toEqual([]);
  });

  test("nothing is left for later", () => {
    // Put together here, so that this file does not name itself.
    const mark = new RegExp(`\\b(?:${["TO", "DO"].join("")}|${["FIX", "ME"].join("")}|${["XX", "X"].join("")})\\b`);
    const places: readonly [string, RegExp][] = [
      ["src", /\.ts$/],
      ["test", /\.(?:ts|sh)$/],
      ["tools", /\.(?:ts|mjs|sh)$/],
      ["bench", /\.(?:ts|sh|py)$/],
      ["config", /\.(?:ya?ml|json)$/],
      ["docs", /\.md$/],
      ["plugins", /\.(?:ts|go|py|rs|sh|md)$/],
    ];
    const marked = places.flatMap(([dir, names]) =>
      listFiles(join(root, dir), (n) => names.test(n))
        .filter((p) => mark.test(readFileSync(join(root, dir, p), "utf8")))
        .map((p) => `${dir}/${p}`),
    );
    expect(marked).toEqual([]);
  });
});

describe("dependencies", () => {
  interface Lock {
    readonly packages: Readonly<
      Record<string, { readonly resolved?: string; readonly optionalDependencies?: Readonly<Record<string, string>> }>
    >;
  }
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    version: string;
    dependencies: Record<string, string>;
    devDependencies: Record<string, string>;
  };
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as Lock;
  const all = { ...manifest.dependencies, ...manifest.devDependencies };

  test("each is pinned to one version", () => {
    expect(Object.entries(all).filter(([, v]) => !/^\d+\.\d+\.\d+$/.test(v))).toEqual([]);
  });

  test("each has a line of reason in docs/dependencies.md, and no other has", () => {
    const doc = readFileSync(join(root, "docs", "dependencies.md"), "utf8");
    const used = doc.slice(0, doc.indexOf("\n## Turned down"));
    const named = [...used.matchAll(/^\| `([^`]+)` \| .{20,} \|$/gm)].map((m) => m[1]!);
    expect(named.sort()).toEqual(Object.keys(all).sort());
  });

  test("each library that may be used is one", () => {
    expect(Object.keys(LIBRARIES).filter((name) => manifest.dependencies[name] === undefined)).toEqual([]);
  });

  test("the lock file names no registry", () => {
    expect(
      Object.entries(lock.packages)
        .filter(([, p]) => p.resolved !== undefined)
        .map(([path]) => path),
    ).toEqual([]);
  });

  test("the lock file knows every build of the toolchain: node tools/complete_lock.mjs", () => {
    const wanted = Object.values(lock.packages).flatMap((p) => Object.keys(p.optionalDependencies ?? {}));
    expect(wanted.filter((name) => lock.packages[`node_modules/${name}`] === undefined)).toEqual([]);
  });

  test("the version that weir tells is the package's", () => {
    expect(BUILD).toEqual({ version: manifest.version, commit: "source" });
  });
});

describe("the scanner behind these rules", () => {
  test("sees code, and neither strings, comments, templates nor regular expressions", () => {
    const source =
      'const a = "any"; // any\nconst b = `any ${`${c /* any */}`} any`; const r = /any["\'`/]any/g; const q = a / b; /* any */ x = { y: 1 };';
    expect(scanSource(source).code).not.toContain("any");
    expect(scanSource(source).code).toHaveLength(source.length);
    for (const kept of ["const q = a / b;", "x = { y: 1 };", "${`${c "]) expect(scanSource(source).code).toContain(kept);
  });

  test("finds imports of every form", () => {
    const source = `
      import "./a.ts"; import b from "b"; import type { C } from "./c.ts"; import { type D, e } from './d.ts';
      export * from "./f.ts"; export type { G } from "./g.ts"; export { h } from "./h.ts"; const i = await import("./i.ts");
      const not = 'import "./j.ts"'; // import "./k.ts"
      import * as l from "l"; type M = import("./m.ts").M; import(n); from("o"); const importers = ["p"];
      import {
        q,
        r,
      } from "./q.ts"; import type from "./s.ts"; import type T from "./t.ts";`;
    const found = importsOf(scanSource(source));
    expect(found.map((i) => i.specifier)).toEqual([
      "./a.ts",
      "b",
      "./c.ts",
      "./d.ts",
      "./f.ts",
      "./g.ts",
      "./h.ts",
      "./i.ts",
      "l",
      "./m.ts",
      "?",
      "./q.ts",
      "./s.ts",
      "./t.ts",
    ]);
    expect(found.filter((i) => i.typeOnly).map((i) => i.specifier)).toEqual(["./c.ts", "./g.ts", "./t.ts"]);
  });
});

function listFiles(dir: string, wanted: (name: string) => boolean): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile() && wanted(e.name))
    .map((e) =>
      normalize(join(e.parentPath, e.name))
        .slice(dir.length + 1)
        .replaceAll("\\", "/"),
    )
    .filter((p) => !p.includes("node_modules/") && !p.includes("/target/"))
    .sort();
}

/** The longest folder of the table that the path lies in. */
function unitOf(path: string): string | null {
  for (let unit = path; unit !== "."; unit = posix.dirname(unit)) if (RANKS[unit] !== undefined) return unit;
  return null;
}

function rankOf(path: string): number {
  return RANKS[unitOf(path) ?? ""] ?? -1;
}

function isIn(path: string, places: readonly string[]): boolean {
  return places.some((p) => unitOf(path) === p || (path.startsWith(`${p}/`) && unitOf(path) === unitOf(`${p}/x.ts`)));
}

function familyFolder(path: string): string | null {
  const [first, second, ...rest] = path.split("/");
  return FAMILIES.has(first!) && rest.length > 0 ? second! : null;
}

/** What is wrong with the edge, or null. */
function edgeFault(file: { readonly path: string }, i: { readonly specifier: string }): string | null {
  const { path } = file;
  const to = i.specifier;
  if (to === "?" || (ENTRIES.includes(path) && !to.startsWith(".."))) return null;
  if (to.startsWith("node:")) return isIn(path, NODE_MODULES_IN) ? null : `${to} is for ${NODE_MODULES_IN.join(", ")}`;
  if (to === "bun" || /^(?:bun|ext|jsr|npm|https?):/.test(to))
    return isIn(path, RUNTIME_IN) ? null : `${to} is for ${RUNTIME_IN.join(", ")}`;
  if (!to.startsWith(".")) {
    const name = to
      .split("/")
      .slice(0, to.startsWith("@") ? 2 : 1)
      .join("/");
    return isIn(path, LIBRARIES[name] ?? [])
      ? null
      : `${name} is for ${LIBRARIES[name]?.join(", ") ?? "nobody yet: add it to the table"}`;
  }
  const target = posix.join(posix.dirname(path), to);
  if (target.startsWith("../plugins/") && TEXTS_IN.includes(path)) return null;
  if (target.startsWith("..")) return `${to} is outside src`;
  const [from, unit] = [unitOf(path), unitOf(target)];
  if (unit === null || from === null) return `${to} has no rank`;
  if (unit === "platform" && from !== "platform" && target !== "platform/types.ts")
    return `${to} is an adapter, for the entries alone: others use platform/types.ts`;
  if (unit !== from) return RANKS[unit]! < RANKS[from]! ? null : `${to} has rank ${RANKS[unit]}, this file ${RANKS[from]}`;
  const [own, other] = [familyFolder(path), familyFolder(target)];
  return other === null || own === other ? null : `${to} is a sibling's`;
}

function fault(path: string, specifier: string): string | null {
  return edgeFault({ path }, { specifier });
}

function where(f: SourceFile, at: number): string {
  return `src/${f.path}:${lineAt(f.source, at)}`;
}

function offences(pick: (f: SourceFile) => readonly Import[], judge: (f: SourceFile, i: Import) => string | null): string[] {
  return files.flatMap((f) =>
    pick(f).flatMap((i) => {
      const said = judge(f, i);
      return said === null ? [] : [`${where(f, i.at)}: ${said}`];
    }),
  );
}

/** Where the code of the files has what the pattern finds. */
function words(pattern: RegExp, among: (f: SourceFile) => boolean = () => true): string[] {
  return files
    .filter(among)
    .flatMap((f) => [...f.scan.code.matchAll(pattern)].map((m) => `${where(f, m.index)}: ${m[0].trim()}`));
}

/** Cycles among imports that are still there when the program runs. */
function findCycles(): string[] {
  const graph = new Map(
    files.map((f) => [
      f.path,
      f.imports
        .filter((i) => !i.typeOnly && i.specifier.startsWith("."))
        .map((i) => posix.join(posix.dirname(f.path), i.specifier)),
    ]),
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(" → "));
    if (done.has(path) || trail.includes(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return cycles;
}
