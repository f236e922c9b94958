import { createServer, type Server } from "node:net";

const FIRST = 12_000;
const LAST = 31_999;
const TRIES = 50;
const given = new Set<number>();

/**
 * A TCP port that is free on every local address now. Chosen below the ephemeral range, so that no outgoing connection takes it
 * between this answer and its use.
 */
export async function freePort(): Promise<number> {
  for (let i = 0; i < TRIES; i++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1));
    if (given.has(port) || !(await canListen(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`found no free port in ${TRIES} tries`);
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server: Server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
