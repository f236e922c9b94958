import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../support/program.ts";
import { reply, startOrigin } from "../support/raw_origin.ts";
import { peers } from "./peer.ts";
import { secureFiles, startSecure } from "./secure_site.ts";

/** How many cases this version of h2spec has in strict mode: fewer mean that some did not run. */
const CASES = 146;
const RUN_MS = 300_000;

interface Case {
  readonly name: string;
  /** What was expected and seen instead; "": it passed. */
  readonly fault: string;
}

const built = await peers("h2spec");

if (built === null) test.skip("h2spec: what builds it is not there", () => {});
else {
  const origin = await startOrigin({ serve: (_, conn) => conn.send(reply(200, "hello from the origin")) });
  const site = await startSecure(secureFiles(), ["tls", "plain"], {
    routes: [{ to: "origin" }],
    clusters: { origin: { endpoints: [`127.0.0.1:${origin.port}`] } },
  });
  try {
    for (const listener of ["tls", "plain"]) {
      const report = join(site.files.dir, `${listener}.xml`);
      const secure = listener === "tls" ? ["-t", "-k"] : [];
      const port = String(site.ports.get(listener));
      const ran = await run([built[0]!, "-S", "-h", "127.0.0.1", "-p", port, "-j", report, ...secure], { ms: RUN_MS });
      declare(listener, casesOf(readFileSync(report, "utf8")), ran.stdout + ran.stderr);
    }
    const left = await site.weir.metric("weir_callback_throws_total");
    test("no callback threw", () => expect(left).toBe(0));
  } finally {
    await site.weir.kill();
    await origin.close();
  }
}

/** A test for each case, so that each is counted and named. */
function declare(listener: string, cases: readonly Case[], output: string): void {
  describe(`h2spec in strict mode, ${listener}`, () => {
    test("ran every case", () => expect(cases.length, output).toBe(CASES));
    for (const { name, fault } of cases) test(name, () => expect(fault).toBe(""));
  });
}

/** The cases of a report in JUnit's form. */
function casesOf(xml: string): Case[] {
  const cases: Case[] = [];
  for (const [, attributes, inner = ""] of xml.matchAll(/<testcase ([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)) {
    const at = (name: string): string => new RegExp(`${name}="([^"]*)"`).exec(attributes!)?.[1] ?? "";
    cases.push({ name: `${at("package")}: ${at("classname")}`, fault: inner.replace(/<[^>]*>/g, "").trim() });
  }
  return cases;
}
