import { Hono } from "hono";
import type { Handler } from "../../exchange/web.ts";

/** What the admin address can tell. */
export interface AdminView {
  /** false while draining, or before the first config is in force. */
  readonly ready: boolean;
  metricsPage(): Promise<{ readonly contentType: string; readonly body: string }>;
  status(): unknown;
}

/** Read-only metrics and probes, for readers off this host. */
export function observeApp(view: AdminView): Handler {
  return probes(view);
}

/** The admin address: the probes and what runs. Nothing here changes anything: that is the control socket's. */
export function adminApp(view: AdminView): Handler {
  const app = probes(view);
  app.get("/status", async (c) => c.json(await view.status()));
  return app;
}

function probes(view: AdminView): Hono {
  const app = new Hono();
  app.get("/healthz", (c) => c.text("ok\n"));
  app.get("/readyz", (c) => (view.ready ? c.text("ready\n") : c.text("not ready\n", 503)));
  app.get("/metrics", async () => {
    const page = await view.metricsPage();
    return new Response(page.body, { headers: { "content-type": page.contentType } });
  });
  app.notFound((c) => c.text("404 Not Found\n", 404));
  // To whoever called: there it is answered, logged and counted.
  app.onError((e) => {
    throw e;
  });
  return app;
}
