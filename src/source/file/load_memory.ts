import type { RouteSpec } from "../../config/model.ts";
import type { RouteConfig } from "./schema/route.ts";
import type { ConfNode } from "./tree.ts";

/** What one load leaves for the next, so that what did not change is not worked out again. */
export class LoadMemory {
  /**
   * Routes in which nothing was wrong, by what they say with their defaults. Where they stand is no part of it: reading a route is a
   * function of its values alone, and only a problem needs a place.
   */
  readonly routes: Remembered<ReadRoute> = new Remembered();
  /** Items of a file's list of routes, by their text. */
  readonly items: Remembered<ReadItem> = new Remembered();

  /** A load begins: what the one before did not meet is forgotten. */
  begin(): void {
    this.routes.begin();
    this.items.begin();
  }
}

/** What a route was read as. */
export interface ReadRoute {
  readonly config: RouteConfig;
  readonly spec: RouteSpec;
}

export interface ReadItem {
  readonly node: ConfNode;
  /** Where its text began. */
  readonly start: number;
}

/** Holds what the last load met. */
export class Remembered<T> {
  #before: ReadonlyMap<string, T> = new Map();
  #now = new Map<string, T>();

  begin(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }

  find(key: string): T | null {
    const known = this.#now.get(key) ?? this.#before.get(key);
    if (known === undefined) return null;
    this.#now.set(key, known);
    return known;
  }

  keep(key: string, value: T): void {
    this.#now.set(key, value);
  }
}

/** Different for any two trees that the decoder can tell apart. */
export function memoryKey(node: ConfNode): string {
  if (node.kind === "scalar") return typeof node.value === "string" ? JSON.stringify(node.value) : String(node.value);
  let key = node.kind === "list" ? "[" : "{";
  if (node.kind === "list") for (const item of node.items) key += `${memoryKey(item)},`;
  else for (const [name, entry] of node.entries) key += `${JSON.stringify(name)}:${memoryKey(entry.value)},`;
  return key + (node.kind === "list" ? "]" : "}");
}
