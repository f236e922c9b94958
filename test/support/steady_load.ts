import { openClient, type Target } from "./raw_client.ts";

/** What came of requests that were sent without pause. */
export interface LoadReport {
  readonly served: number;
  /** What went wrong, in the order in which it did. */
  readonly failures: readonly string[];
}

/** Clients that ask one after another until they are stopped. */
export class SteadyLoad {
  #stopped = false;
  #served = 0;
  readonly #failures: string[] = [];
  readonly #clients: Promise<void>[];

  private constructor(clients: number, ask: (client: number) => Promise<void>) {
    this.#clients = Array.from({ length: clients }, async (_, i) => {
      while (!this.#stopped) {
        try {
          await ask(i);
          this.#served++;
        } catch (e) {
          this.#failures.push(e instanceof Error ? e.message : String(e));
        }
      }
    });
  }

  /** A connection for each request; `ms`: how long a reply may take. */
  static ofConnections(to: Target, path: string, clients: number, ms?: number): SteadyLoad {
    return new SteadyLoad(clients, async () => {
      using client = await openClient(to);
      await client.send(`GET ${path} HTTP/1.1\r\nHost: test.example\r\nConnection: close\r\n\r\n`);
      expectOk((await client.response("GET", ms)).status);
    });
  }

  /** Requests on kept connections; one that the server has said to close, or has closed between two requests, is opened anew. */
  static ofKept(to: Target, path: string, clients: number): SteadyLoad {
    const open: (Awaited<ReturnType<typeof openClient>> | null)[] = Array.from({ length: clients }, () => null);
    return new SteadyLoad(clients, async (i) => {
      const kept = open[i];
      const client = kept !== null && kept !== undefined && kept.ending === "open" ? kept : await openClient(to);
      open[i] = client;
      await client.send(`GET ${path} HTTP/1.1\r\nHost: test.example\r\n\r\n`);
      const got = await client.response();
      expectOk(got.status);
      if (got.fields.some(([name, value]) => name.toLowerCase() === "connection" && value.toLowerCase() === "close")) {
        client.destroy();
        open[i] = null;
      }
    });
  }

  get served(): number {
    return this.#served;
  }

  async stop(): Promise<LoadReport> {
    this.#stopped = true;
    await Promise.all(this.#clients);
    return { served: this.#served, failures: this.#failures };
  }
}

function expectOk(status: number): void {
  if (status !== 200) throw new Error(`status ${status}`);
}
