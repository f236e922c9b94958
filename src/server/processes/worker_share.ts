import type { ListenerSpec, Model } from "../../config/model.ts";

/**
 * What one of several workers may take of what is capped for the whole weir. Connections are spread evenly by the kernel, so each has its
 * part; parts of counts are rounded up, so that their sum is at most one less than the number of workers above the cap.
 */
export function workerShare(model: Model, workers: number): Pick<Model, "listeners" | "process"> {
  const part = (n: number | null): number | null => (n === null ? null : Math.ceil(n / workers));
  const listeners = new Map<string, ListenerSpec>();
  for (const [name, l] of model.listeners) {
    const { maxConnections, connectionRate: rate } = l;
    listeners.set(name, {
      ...l,
      maxConnections: part(maxConnections),
      connectionRate: rate === null ? null : { perSecond: rate.perSecond / workers, burst: part(rate.burst)! },
    });
  }
  return { listeners, process: { ...model.process, maxConnections: part(model.process.maxConnections) } };
}
