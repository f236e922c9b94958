import { type Leaf, leaf, refuse } from "./leaf.ts";
import { wantText } from "./scalar.ts";

const WANTED = 'a name such as "_http._tcp.example.com"';
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;

/** A name of SRV records: `_service._protocol.name` (RFC 2782). Lower case, without the dot at the end. */
export function srvName(): Leaf<string> {
  return leaf({ type: "string", pattern: "^_[^.]+\\._[^.]+\\..|\\$\\{", examples: ["_http._tcp.example.com"] }, (v) => {
    if (typeof v !== "string") return wantText(WANTED, v);
    const found = `found ${JSON.stringify(v)}, wanted ${WANTED}`;
    if (/:[0-9]+$/.test(v)) return refuse(`leave out the port: ${found}`, "SRV records tell the ports");
    const name = v.toLowerCase().replace(/\.$/, "");
    const labels = name.split(".");
    if (name.length > 253 || !labels.every((l) => LABEL.test(l))) return refuse(`correct the name: ${found}`);
    if (labels.length < 3 || !labels[0]!.startsWith("_") || !labels[1]!.startsWith("_"))
      return refuse(`begin the name with the service and the protocol: ${found}`, suggestion(labels));
    return name;
  });
}

function suggestion(labels: readonly string[]): string {
  const rest = labels.filter((l) => !l.startsWith("_")).join(".");
  return rest === "" ? "" : `did you mean "_http._tcp.${rest}"?`;
}
