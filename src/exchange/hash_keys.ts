import type { HashKeySpec } from "../config/traffic_model.ts";
import { cookieValue } from "../http/cookie.ts";
import type { RequestHead } from "../http/head.ts";
import { knownIdOf } from "../http/names.ts";
import { queryValue, wireText } from "../router/byte_text.ts";
import { joinedField } from "../router/value_condition.ts";
import { hashOfKey } from "../upstream/source_hash.ts";
import type { MintedCookies } from "./minted_cookies.ts";

/** What keys are read of: the request as the client sent it. */
export interface KeySource {
  readonly head: RequestHead;
  /** As believed proxies in front tell it. */
  readonly clientAddress: string;
}

type KeyReader = (x: KeySource, minted: MintedCookies) => string | null;

/** The keys of a config, compiled: the hash of a request by which a consistent policy, or a sticky share, chooses. */
export class HashKeys {
  readonly #readers: readonly KeyReader[];
  readonly #seed: number;

  /** `seed`: two choices by the same keys must not go together, or half a cluster would get what the other half of a share has. */
  constructor(keys: readonly HashKeySpec[], seed = 0) {
    this.#readers = keys.map(readerOf);
    this.#seed = seed;
  }

  /** Unsigned, 32 bits; 0: the request has none of the keys. A cookie that is minted is put in `minted`. */
  hash(x: KeySource, minted: MintedCookies): number {
    let hash = this.#seed;
    let found = false;
    for (const read of this.#readers) {
      const key = read(x, minted);
      if (key === null) continue;
      hash = hashOfKey(key, hash);
      found = true;
    }
    return found ? hash : 0;
  }
}

function readerOf(key: HashKeySpec): KeyReader {
  switch (key.kind) {
    case "header": {
      const { name } = key;
      if (name === "host") return ({ head }) => head.authority || null;
      const id = knownIdOf(name);
      return ({ head }) => joinedField(head.fields, name, id);
    }
    case "query": {
      const name = wireText(key.name);
      return ({ head: { path } }) => queryValue(path, path.indexOf("?"), name);
    }
    case "cookie": {
      const { name, mint } = key;
      if (mint === null) return ({ head }) => cookieValue(head.fields, name);
      return ({ head }, minted) => cookieValue(head.fields, name) || minted.mint(name, mint);
    }
    case "source":
      return (x) => x.clientAddress;
    case "path":
      return ({ head: { path } }) => {
        const query = path.indexOf("?");
        return query < 0 ? path : path.slice(0, query);
      };
  }
}
