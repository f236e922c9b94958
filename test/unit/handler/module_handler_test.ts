import { expect, test } from "bun:test";
import type { ModuleContext, ModuleEnv } from "../../../src/handler/module_env.ts";
import { moduleFetch } from "../../../src/handler/module_handler.ts";

const request = new Request("http://a.example/");
const env = { route: "r" } as ModuleEnv;
const context = {} as ModuleContext;

async function answer(namespace: object): Promise<string> {
  return await (await moduleFetch(namespace)!(request, env, context)).text();
}

test("a module answers by its application, its function or its export", async () => {
  class App {
    readonly text = "class";
    fetch(): Response {
      return new Response(this.text);
    }
  }
  expect(await answer({ default: new App() })).toBe("class");
  expect(await answer({ default: (_r: Request, e: ModuleEnv) => new Response(e.route) })).toBe("r");
  expect(await answer({ fetch: () => new Response("export") })).toBe("export");
  const callable = Object.assign(() => new Response("called"), { fetch: () => new Response("fetch") });
  expect(await answer({ default: callable })).toBe("fetch");
});

test("a module without is none", () => {
  for (const namespace of [{}, { default: null }, { default: {} }, { default: "fetch" }, { default: { fetch: 1 } }, { fetch: 1 }])
    expect(moduleFetch(namespace)).toBeNull();
});
