import { Hono } from "hono";

type Env = {
  Bindings: {
    config: { greeting: string };
    client: string;
    fetch(input: string, init?: RequestInit): Promise<Response>;
  };
};

const app = new Hono<Env>();
app.get("/hello/:name", (c) => c.text(`${c.env.config.greeting}, ${c.req.param("name")} at ${c.env.client}\n`));
// Through a cluster of the config, with its pools and breakers; the reply streams through.
app.get("/api/*", (c) => c.env.fetch(`cluster://api${c.req.path}`, c.req.raw));

export default app;
