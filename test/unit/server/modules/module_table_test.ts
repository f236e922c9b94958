import { describe, expect, test } from "bun:test";
import type { Model } from "../../../../src/config/model.ts";
import { ModuleTable, modulesDiffer, moduleUses } from "../../../../src/server/modules/module_table.ts";
import { parseConfig } from "../../../../src/source/file/load_config.ts";

const HANDLER = { default: { fetch: () => new Response() } };
const FILTER = { default: { open: () => null } };

/** A model of two routes of modules; `version` is what stands in their files. */
async function modelOf(version: string, routes = "", handler = "app.ts"): Promise<Model> {
  const text = `
admin: false
listeners: { web: { address: "127.0.0.1:8080" } }
routes:
  - { name: app, match: { path: /a }, handler: { module: ${handler} }, filters: [{ module: filter.ts }] }
  - { name: same, match: { path: /b }, handler: { module: ${handler} } }
${routes}
`;
  const { model, problems } = await parseConfig(text, "weir.yaml", {}, { read: async () => version, list: async () => [] });
  if (model === null) throw new Error(JSON.stringify(problems));
  return model;
}

function table(modules: Readonly<Record<string, object | Error>> = { "app.ts": HANDLER, "filter.ts": FILTER }): {
  table: ModuleTable;
  loads: string[];
} {
  const loads: string[] = [];
  const load = async (path: string): Promise<object> => {
    loads.push(path);
    const found = modules[path];
    if (found === undefined || found instanceof Error) throw found ?? new Error("no such file");
    return found;
  };
  return { table: new ModuleTable(load), loads };
}

async function problemsOf(t: ModuleTable, m: Model): Promise<readonly string[]> {
  const found = await t.prepare(m);
  return "get" in found ? [] : found.map((p) => p.message);
}

describe("modules of a process", () => {
  test("are loaded once each, however often they are named and configs come", async () => {
    const { table: t, loads } = table();
    const model = await modelOf("1");
    expect(moduleUses(model).map((u) => `${u.kind} ${u.module.path}`)).toEqual(["handler app.ts", "filter filter.ts"]);
    expect(await problemsOf(t, model)).toEqual([]);
    expect(await problemsOf(t, await modelOf("1"))).toEqual([]);
    expect(loads).toEqual(["app.ts", "filter.ts"]);
    expect([t.get("app.ts"), t.get("filter.ts"), t.get("other.ts")]).toEqual([HANDLER, FILTER, null]);
  });

  test("can't become others", async () => {
    const { table: t, loads } = table();
    await problemsOf(t, await modelOf("1"));
    const found = await problemsOf(t, await modelOf("2"));
    expect(found).toHaveLength(2);
    expect(found[0]).toContain("app.ts: start weir anew: found the module changed");
    expect(loads).toHaveLength(2);
  });

  test("have to be what they are named for, and to load", async () => {
    const { table: t } = table({ "app.ts": FILTER, "filter.ts": new Error("thrown at import") });
    const [first, second] = await problemsOf(t, await modelOf("1"));
    expect(first).toContain("app.ts: export an application as default");
    expect(second).toContain("thrown at import");
  });

  test("are for other processes where none may be loaded", async () => {
    expect((await problemsOf(new ModuleTable(null), await modelOf("1")))[0]).toContain("modules run in worker processes");
    const none = await parseConfig(
      "listeners: { web: { address: ':8080' } }",
      "weir.yaml",
      {},
      { read: async () => "", list: async () => [] },
    );
    expect(await problemsOf(new ModuleTable(null), none.model!)).toEqual([]);
  });
});

test("configs differ in their modules by paths and contents, not by routes", async () => {
  const model = await modelOf("1");
  expect(modulesDiffer(model, await modelOf("1", "  - { name: more, match: { path: /c }, respond: {} }"))).toBe(false);
  expect(modulesDiffer(model, await modelOf("2"))).toBe(true);
  expect(modulesDiffer(model, await modelOf("1", "", "other.ts"))).toBe(true);
});
