import { createNodePlatform } from "../../src/platform/node.ts";
import { platformCases } from "./platform_cases.ts";

const onDeno = "Deno" in globalThis;
const runtime = onDeno ? "deno" : "bun";

const denoSkips = {
  "ipv6Only leaves IPv4 out": "Deno 2.9 ignores the option",
  "a half-close before any byte leaves the other way open":
    "Deno 2.9 fails queued writes with EPIPE when a FIN was the first that ever came",
};

platformCases({
  name: `node.ts by node:net on ${runtime}`,
  create: (onFault) => createNodePlatform(runtime, { onFault, handles: false }),
  skips: onDeno ? denoSkips : {},
});

if (onDeno) {
  platformCases({
    name: "node.ts by handles on deno",
    create: (onFault) => createNodePlatform("deno", { onFault }),
    skips: denoSkips,
  });
}
