import { createBunPlatform } from "../../src/platform/bun.ts";
import { platformCases } from "./platform_cases.ts";

platformCases({ name: "bun.ts on Bun", create: (onFault) => createBunPlatform({ onFault }), skips: {} });
