// Hosts for health checks: answers anything that comes, on every local address. `bun bench/health/origin.ts PORT`.
import process from "node:process";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n";

Bun.listen({
  hostname: "0.0.0.0",
  port: Number(process.argv[2]),
  socket: {
    data(socket): void {
      socket.write(OK);
    },
  },
});
process.stdout.write("listening\n");
