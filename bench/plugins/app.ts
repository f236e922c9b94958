// The application that is measured inside Weir and with Bun.serve.
import { Hono } from "hono";

const TEXT = "x".repeat(130);
const app = new Hono();
app.get("/", (c) => c.text(TEXT));
app.get("/items/:id", (c) => c.json({ id: c.req.param("id"), page: c.req.query("page"), tags: ["a", "b"] }));

export default app;
