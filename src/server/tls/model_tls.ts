import type { ListenerSpec, Model } from "../../config/model.ts";
import type { Problem } from "../../config/problem.ts";
import type { PreparedSecrets } from "../../tls/store/tls_secrets.ts";
import { same } from "../same.ts";
import { ClusterTls } from "./cluster_tls.ts";
import { ListenerTls, type TlsEnv } from "./listener_tls.ts";

/** What is in force already, by name: what asks for the same TLS goes on with it, so that sessions can be resumed. */
export interface TlsInForce {
  readonly listeners: ReadonlyMap<string, { readonly spec: ListenerSpec; readonly tls: ListenerTls | null }>;
  readonly clusters: ReadonlyMap<string, ClusterTls>;
}

/** TLS of a model's listeners and clusters, made before it is in force. */
export class ModelTls {
  readonly listeners = new Map<string, ListenerTls>();
  readonly clusters = new Map<string, ClusterTls>();
  readonly problems: Problem[] = [];
  readonly #made: { close(): void }[] = [];

  constructor(model: Model, now: TlsInForce, env: TlsEnv | null, secrets: PreparedSecrets) {
    for (const spec of model.listeners.values()) {
      if (spec.chains.every((c) => c.tls === null)) continue;
      const before = now.listeners.get(spec.name);
      if (before?.tls && same(tlsOf(before.spec), tlsOf(spec))) this.listeners.set(spec.name, before.tls);
      else this.#make(`listeners.${spec.name}.tls`, env, this.listeners, spec.name, (e) => new ListenerTls(e, spec, secrets));
    }
    for (const { name, tls } of model.clusters.values()) {
      if (tls === null) continue;
      const before = now.clusters.get(name);
      if (before !== undefined && same(before.spec, tls)) this.clusters.set(name, before);
      else this.#make(`clusters.${name}.tls`, env, this.clusters, name, (e) => new ClusterTls(e, name, tls, secrets));
    }
  }

  /** The model was refused. */
  undo(): void {
    for (const m of this.#made) m.close();
  }

  #make<T extends { close(): void }>(
    path: string,
    env: TlsEnv | null,
    into: Map<string, T>,
    name: string,
    make: (env: TlsEnv) => T,
  ): void {
    try {
      if (env === null) throw new Error("this runtime can't keep what TLS promises: see the log of the start");
      const made = make(env);
      this.#made.push(made);
      into.set(name, made);
    } catch (e) {
      const message = `${path}: ${e instanceof Error ? e.message : String(e)}`;
      this.problems.push({ severity: "error", path, message, hint: "", place: null });
    }
  }
}

function tlsOf(l: ListenerSpec): unknown {
  return l.chains.map((c) => [c.match, c.tls, c.handler.kind]);
}
