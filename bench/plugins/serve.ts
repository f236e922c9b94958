// The same application without Weir: `bun serve.ts PORT`, or with Deno.
import process from "node:process";
import app from "./app.ts";

const at = { hostname: "127.0.0.1", port: Number(process.argv[2]) };
const deno = (globalThis as { Deno?: { serve(o: object, f: typeof app.fetch): unknown } }).Deno;
if (deno === undefined) Bun.serve({ ...at, fetch: app.fetch });
else deno.serve({ ...at, onListen: () => undefined }, app.fetch);
