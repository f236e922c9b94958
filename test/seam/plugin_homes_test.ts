import { describe, test } from "bun:test";
import { requestBodyCases, responseBodyCases } from "./plugin/body_cases.ts";
import type { Bench } from "./plugin/case.ts";
import { headCases } from "./plugin/head_cases.ts";
import { FILTER_HOME, processHome } from "./plugin/homes.ts";
import { choiceCases, otherCases, replyHeadCases } from "./plugin/other_cases.ts";
import { PluginSeam } from "./plugin/plugin_seam.ts";

/** The one list that every home of a plugin has to pass, so that a plugin can move. */
const CASES = [...headCases, ...requestBodyCases, ...replyHeadCases, ...responseBodyCases, ...choiceCases, ...otherCases];

for (const home of [processHome(true), processHome(false), FILTER_HOME]) {
  const unknown = Object.keys(home.skips).filter((name) => !CASES.some((c) => c.name === name));
  if (unknown.length > 0) throw new Error(`correct the skips of ${home.name}: there is no case ${JSON.stringify(unknown[0])}`);
  for (const protocol of ["h1", "h2"] as const)
    describe(`a plugin as ${home.name}, for a client of ${protocol}`, () => {
      const bench: Bench = {
        protocol,
        start: (b, o) => PluginSeam.start(home, b, o),
        ask: (seam, a) => (protocol === "h1" ? seam.h1(a) : seam.h2(a)),
      };
      for (const { name, run } of CASES) {
        const why = home.skips[name];
        if (why === undefined) test(name, () => run(bench));
        else test.skip(`${name}: ${why}`, () => {});
      }
    });
}
