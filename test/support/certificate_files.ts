import { authority, dns, MINTED_AT, type MintWish, mint, uses } from "./mint.ts";

const DAY = 86_400_000;
const CLIENT = "1.3.6.1.5.5.7.3.2";

/** Files that configs of tests name, by their names: made here, so that no key lies about. They are held against `MINTED_AT`. */
export function certificateFiles(): ReadonlyMap<string, string> {
  const root = mint({ name: "root", extensions: [authority()] });
  const files = new Map<string, string>([["ca.pem", root.pem]]);
  const add = (name: string, wish: Partial<MintWish>): void => {
    const made = mint({ name, issuer: root, ...wish });
    files.set(`${name}.pem`, made.pem);
    files.set(`${name}.key`, made.keyPem);
  };
  add("site", { extensions: [dns("site.example", "*.site.example")] });
  add("site-rsa", { key: "rsa2048", extensions: [dns("site.example")] });
  add("shop", { extensions: [dns("shop.example")] });
  add("client", { extensions: [uses(CLIENT)] });
  add("server", { extensions: [dns("server.example"), uses("1.3.6.1.5.5.7.3.1")] });
  add("expired", { notBefore: MINTED_AT - 90 * DAY, notAfter: MINTED_AT - DAY, extensions: [dns("site.example")] });
  add("future", { notBefore: MINTED_AT + DAY, extensions: [dns("site.example")] });
  add("soon", { notBefore: MINTED_AT - 85 * DAY, notAfter: MINTED_AT + 5 * DAY, extensions: [dns("site.example")] });
  add("old-ca", { notAfter: MINTED_AT - DAY, extensions: [authority()] });
  files.set("locked.key", files.get("site.key")!.replaceAll("PRIVATE", "ENCRYPTED PRIVATE"));
  files.set("broken.pem", files.get("site.pem")!.replace(/\nM/, "\nN"));
  files.set("wrong-order.pem", root.pem + files.get("site.pem")!);
  files.set("cas.pem", root.pem + files.get("old-ca.pem")!);
  files.set("empty.pem", "");
  return files;
}
