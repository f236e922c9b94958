// Started by unanswered_cases.ts: a listener with a queue of one, to be stopped once it has told its port.
import { createServer } from "node:net";
import { loadLibc } from "../../../src/platform/libc.ts";

const server = createServer();
server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
  const handle = (server as unknown as { _handle: { fd?: number } })._handle;
  // Bun takes no backlog.
  if (handle.fd !== undefined && handle.fd >= 0) loadLibc()?.listen(handle.fd, 1);
  const address = server.address();
  if (address !== null && typeof address === "object") console.log(address.port);
});
