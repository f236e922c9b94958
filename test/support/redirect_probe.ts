// Run in a network of its own, as root there: connections to 10.5.5.5:8080 and 10.7.7.7:8080 from 10.5.5.6 come to Weir's ports 9999 and
// 9998, by REDIRECT and by TPROXY. Prints as JSON what became of them.
import { connect } from "node:net";
import { until } from "./deadline.ts";
import { startListeners } from "./listeners.ts";
import { startOrigin } from "./raw_origin.ts";
import { RawPeer } from "./raw_peer.ts";

const hosts = ["10.5.5.5", "10.7.7.7"];
const origins = await Promise.all(hosts.map((host) => startOrigin({ host, port: 8080 })));
const back = { clusters: { back: { endpoints: "originalDestination" } } };
await using w = await startListeners(
  {
    redirected: { address: "127.0.0.1:9999", protocol: "tcp", to: "back" },
    taken: { address: "0.0.0.0:9998", protocol: "tcp", to: "back", transparent: true },
  },
  { origin: {}, routes: [], top: back },
);

function open(host: string, port: number, localAddress: string): RawPeer {
  return new RawPeer(connect({ host, port, localAddress, allowHalfOpen: true }));
}

const seen: unknown[] = [];
for (const [i, host] of hosts.entries()) {
  const client = open(host, 8080, "10.5.5.6");
  await client.send("to the other side;");
  const up = await origins[i]!.connection();
  seen.push(await up.readUntil(";"));
  client.destroy();
  up.destroy();
}
for (const port of [9999, 9998]) seen.push(await open("127.0.0.1", port, "127.0.0.1").left());
await until("four lines", () => w.site.log().length === 4);
seen.push(
  w.site
    .log()
    .map((l) => `${l["listener"]} ${l["endpoint"]} ${l["flags"]}`)
    .sort(),
);
process.stdout.write(`${JSON.stringify(seen)}\n`);
for (const o of origins) await o.close();
