/**
 * What a file of TypeScript or JavaScript imports: every text behind `from`, `import` and `require`. Meant to find files to be watched, it
 * finds too much rather than too little: what stands in a comment as well, but no name that is worked out while the program runs.
 */
export function importsOf(source: string): readonly string[] {
  const found = new Set<string>();
  for (const m of source.matchAll(IMPORT)) found.add(m[2]!);
  for (const m of source.matchAll(PRAGMA)) found.add(`${m[1]}/jsx-runtime`);
  return [...found];
}

const IMPORT = /\b(?:from|import|require)\s*\(?\s*(["'`])([^"'`\r\n$]{1,500})\1/g;
/** What a file of JSX imports without saying so. */
const PRAGMA = /@jsxImportSource\s+([^\s*]+)/g;
