import type { PreparedSecrets } from "../../tls/store/tls_secrets.ts";
import type { SecretText } from "./worker_message.ts";

/** The files behind what is good: what a file holds now may be neither. */
export function secretTexts({ certificates, authorities }: PreparedSecrets): readonly SecretText[] {
  const texts = new Map<string, string>();
  for (const s of [...certificates.values(), ...authorities.values()])
    for (const [i, path] of s.paths.entries()) texts.set(path, s.texts[i]!);
  return [...texts].map(([path, text]) => ({ path, text }));
}
