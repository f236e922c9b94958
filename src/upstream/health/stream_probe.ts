import type { HealthCheckSpec } from "../../config/traffic_model.ts";
import { Breaker } from "../breaker.ts";
import { ConnectionGate } from "../pool/connection_gate.ts";
import { HostPool, type PoolEnv } from "../pool/host_pool.ts";
import type { Host } from "../types.ts";
import { GrpcCheck } from "./grpc_check.ts";
import { HttpCheck } from "./http_check.ts";
import type { Probe, ProbeOwner } from "./probe.ts";
import type { StreamCheck } from "./stream_check.ts";

/** Asks by requests, over a connection of its own that lasts from check to check. */
export class StreamProbe implements Probe {
  #pool: HostPool;
  readonly #spec: HealthCheckSpec;
  readonly #owner: ProbeOwner;
  #check: StreamCheck | null = null;

  constructor(host: Host, env: PoolEnv, spec: HealthCheckSpec, owner: ProbeOwner) {
    this.#pool = new HostPool(host, env, null, uncountedGate(env));
    this.#spec = spec;
    this.#owner = owner;
  }

  start(): void {
    this.#check = this.#make();
    this.#check.start(this.#pool, !this.#spec.reuse);
  }

  /** A connection on which nothing comes may be dead, with HTTP/2 as well: the next check has another. */
  cancel(): void {
    const { host, env } = this.#pool;
    this.close();
    this.#pool = new HostPool(host, env, null, uncountedGate(env));
  }

  close(): void {
    this.#check?.cancel();
    this.#check = null;
    this.#pool.close();
  }

  #make(): StreamCheck {
    const { probe } = this.#spec;
    const { authority } = this.#pool.host;
    if (probe.kind === "grpc") return new GrpcCheck(this.#owner, probe, authority);
    if (probe.kind === "http") return new HttpCheck(this.#owner, probe, probe.host ?? authority);
    throw new Error("use TcpProbe for checks of TCP");
  }
}

/** Checks take no place of the cluster's: they are what tells that it is well again. */
function uncountedGate({ metrics }: PoolEnv): ConnectionGate {
  return new ConnectionGate(new Breaker(metrics, "default"));
}
