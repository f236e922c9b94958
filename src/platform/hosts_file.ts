import { readFile } from "node:fs/promises";

/** Where the system keeps names that no server knows. */
const HOSTS = "/etc/hosts";

/** The addresses of `name` in the hosts file, in its order; none where there is no such file. */
export async function hostsFileAddresses(name: string, family: 4 | 6): Promise<readonly string[]> {
  let text: string;
  try {
    text = await readFile(HOSTS, "utf8");
  } catch {
    return [];
  }
  return addressesIn(text, name, family);
}

/** As hosts(5) says: an address and its names a line, `#` starts a comment. Names are compared without case. */
export function addressesIn(text: string, name: string, family: 4 | 6): readonly string[] {
  const wanted = name.toLowerCase().replace(/\.$/, "");
  const found: string[] = [];
  for (const line of text.split("\n")) {
    const [address, ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (address === undefined || address === "" || address.includes("%")) continue;
    if (address.includes(":") !== (family === 6) || !names.some((n) => n.toLowerCase() === wanted)) continue;
    if (!found.includes(address)) found.push(address);
  }
  return found;
}
