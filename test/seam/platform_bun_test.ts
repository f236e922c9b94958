import { createBunPlatform } from "../../src/platform/bun.ts";
import { firewallSkips } from "./platform/firewall_cases.ts";
import { platformCases } from "./platform_cases.ts";

platformCases({
  name: "bun.ts on Bun",
  adapter: "bun.ts",
  create: (onFault) => createBunPlatform({ onFault }),
  skips: {
    ...firewallSkips(),
    "TLS: where the runtime's check of clients can be got around, one of Weir's own is asked for": "here it can't be",
  },
});
