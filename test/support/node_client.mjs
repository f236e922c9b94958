// Drives a proxy with node:http2: `node node_client.mjs URL`. Prints one line of JSON with what it saw.
import { createHash, randomBytes } from "node:crypto";
import { connect } from "node:http2";

const session = connect(process.argv[2], { rejectUnauthorized: false });
session.on("error", (e) => {
  console.error(e);
  process.exit(1);
});

/** One request to its end. */
function ask(headers, body) {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers);
    const got = { status: 0, body: "", trailers: {}, interim: [], continued: false };
    stream.setEncoding("latin1");
    stream.on("headers", (h) => got.interim.push(h[":status"]));
    stream.on("continue", () => {
      got.continued = true;
      stream.end(body);
    });
    stream.on("response", (h) => {
      got.status = h[":status"];
      got.length = h["content-length"];
    });
    stream.on("trailers", (t) => {
      got.trailers = { ...t };
    });
    stream.on("data", (s) => {
      got.body += s;
    });
    stream.on("end", () => resolve(got));
    stream.on("error", reject);
    if (headers.expect === undefined) stream.end(body);
  });
}

const many = await Promise.all(
  Array.from({ length: 400 }, (_, i) =>
    ask({ ":method": "POST", ":path": `/n${i}`, "content-length": `body ${i}`.length }, `body ${i}`).then((g) =>
      g.body.endsWith(`body ${i}`),
    ),
  ),
);
const big = randomBytes(4 << 20);
const upload = await ask({ ":method": "POST", ":path": "/sum", expect: "100-continue" }, big);
const trailers = await ask({ ":path": "/trailers" });
const head = await ask({ ":method": "HEAD", ":path": "/head" });
console.log(
  JSON.stringify({
    requests: many.filter(Boolean).length,
    uploadIsWhole: upload.body === createHash("sha256").update(big).digest("hex"),
    continued: upload.continued,
    trailer: trailers.trailers["x-sum"],
    headLength: head.length,
    alpn: session.alpnProtocol,
  }),
);
session.close();
