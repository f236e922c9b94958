import type { Kit } from "./kit.ts";

/** A config that runs the plugin in its own folder. */
export function exampleConfig(name: string, kit: Kit): string {
  return `# weir run weir.yaml, and from another terminal: curl -i http://127.0.0.1:8080/
listeners:
  web: { address: "127.0.0.1:8080" }
routes:
  - name: all
    filters: [{ plugin: ${name} }]
    respond: { body: "Weir is here.\\n" }
plugins:
  ${name}: ${kit.config("")}
`;
}

/** What `weir plugin test` replays. */
export function exampleFixture(name: string): string {
  return `{
  "name": "sets x-hello",
  "steps": [
    {
      "call": "responseHead",
      "params": {"response": {"status": 200, "fields": [["content-type", "text/plain"]]}},
      "answer": {"fields": [["set", "x-hello", "${name}"]]}
    }
  ]
}
`;
}

export function exampleReadme(name: string, kit: Kit): string {
  const command = kit.command.join(" ");
  const build = kit.build === null ? "" : `${kit.build}\n`;
  const library = kit.files.some((f) => f.path.startsWith("weir-plugin/"))
    ? "`weir-plugin`"
    : kit.files.some((f) => f.path.startsWith("weir_plugin/"))
      ? "`weir_plugin`"
      : null;
  return `# ${name}

A plugin of Weir: it sets the field \`x-hello\` of each reply. It needs ${kit.needs}.

\`\`\`sh
${build}weir run weir.yaml                     # in this folder
curl -i http://127.0.0.1:8080/         # from another terminal
\`\`\`

In a config of yours:

\`\`\`yaml
plugins:
  ${name}: ${kit.config(name)}
routes:
  - name: …
    filters: [{ plugin: ${name} }]
\`\`\`

The program is \`${kit.main}\`. While \`weir run\` is up, ${kit.build === null ? "a change of it is taken over by itself" : "a program that was built anew takes over by itself"}.

| | |
|---|---|
| \`weir plugin test -- ${command}\` | replays \`fixtures\` against it and shows what differs |
| \`weir plugin test --update -- ${command}\` | writes down in \`fixtures\` what it answers now |
| \`weir plugin bench -- ${command}\` | measures its calls |
| \`weir check weir.yaml\` | asks it what it is, and checks its settings |
${library === null ? "" : `\n${library} is the library, as it came with Weir. To take that of a newer Weir, make a new plugin and copy the folder.\n`}`;
}
