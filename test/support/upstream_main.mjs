// An upstream in a process of its own: `PORT MODE_FILE NAME`. The file says how it answers, and is read for each request.
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

const [port, modePath, name] = process.argv.slice(2);
const counts = { checks: 0, requests: 0 };

createServer({ noDelay: true }, (socket) => {
  let text = "";
  socket.on("error", () => {});
  socket.on("data", (b) => {
    text += b.toString("latin1");
    for (let end = text.indexOf("\r\n\r\n"); end >= 0; end = text.indexOf("\r\n\r\n")) {
      const path = text.slice(0, end).split(" ")[1] ?? "";
      text = text.slice(end + 4);
      answer(socket, path);
    }
  });
}).listen({ port: Number(port), host: "127.0.0.1", backlog: 1024 }, () => process.stdout.write("listening\n"));

function answer(socket, path) {
  const mode = readFileSync(modePath, "utf8").trim();
  if (path === "/healthz") counts.checks++;
  else if (path !== "/counts") counts.requests++;
  const check = path === "/healthz";
  if (path === "/counts") reply(socket, 200, JSON.stringify(counts));
  else if (mode === "ill") reply(socket, check ? 503 : 200, name);
  else if (mode === "flap") reply(socket, check && counts.checks % 2 === 0 ? 503 : 200, name);
  else if (mode === "failing") reply(socket, check ? 200 : 500, name);
  else if (mode === "nonsense") socket.write("220 this is not the service that you look for\r\n");
  else if (mode === "cut") socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", () => socket.resetAndDestroy());
  else if (mode !== "silent") reply(socket, 200, name);
}

function reply(socket, status, body) {
  socket.write(`HTTP/1.1 ${status} X\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
}
