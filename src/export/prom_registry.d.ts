// prom-client types only its index, and that loads its own metrics, tdigest and OpenTelemetry's API: 65 ms at start that nothing here needs.
declare module "prom-client/lib/registry.js" {
  import { Registry } from "prom-client";
  export default Registry;
}
