import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { altNames, authority, type Der, dns, integer, keyUsage, type Minted, type MintWish, mint, uses } from "./mint.ts";

const DAY = 86_400_000;
export const SERVER_USE = "1.3.6.1.5.5.7.3.1";
export const CLIENT_USE = "1.3.6.1.5.5.7.3.2";

/** A pair of files as configs and clients name them. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** An authority, what it signed, and the files with all of it. They go with the object. */
export class Pki implements Disposable {
  readonly dir: string = mkdtempSync(join(tmpdir(), "weir-pki-"));
  readonly root: Minted = mint({ name: "root", extensions: [authority(), keyUsage(5, 6)] });
  readonly ca: string;
  #serial = 1000;

  constructor() {
    this.ca = this.write("ca.pem", this.root.pem);
  }

  write(file: string, text: string): string {
    const path = join(this.dir, file);
    writeFileSync(path, text);
    return path;
  }

  /** A certificate that the root signed, unless told otherwise; each has a serial number of its own. */
  mint(name: string, wish: Partial<MintWish> = {}): Minted {
    return mint({ name, issuer: this.root, serial: integer(this.#serial++), ...wish });
  }

  /** The same in two files. */
  pair(name: string, wish: Partial<MintWish> = {}): Pair {
    return this.save(name, this.mint(name, wish));
  }

  save(name: string, made: Minted): Pair {
    return { cert: this.write(`${name}.pem`, made.pem), key: this.write(`${name}.key`, made.keyPem) };
  }

  server(name: string, names: readonly string[], wish: Partial<MintWish> = {}): Pair {
    return this.pair(name, { extensions: [dns(...names), uses(SERVER_USE)], ...wish });
  }

  client(name: string, wish: Partial<MintWish> = {}): Pair {
    return this.pair(name, { extensions: [uses(CLIENT_USE)], ...wish });
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Dates of one that ended yesterday. */
export const EXPIRED: Partial<MintWish> = { notBefore: Date.now() - 90 * DAY, notAfter: Date.now() - DAY };

/** A name that is a URI, and an address of 127.0.0.1. */
export function uri(text: string): Der {
  return altNames([0x86, text]);
}
export const LOCALHOST: Der = altNames([0x82, "localhost"], [0x87, "\x7f\0\0\x01"]);
