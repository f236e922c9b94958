import { expect, test } from "bun:test";
import { folderPage } from "../../../src/static/folder_page.ts";

test("names in a folder are text and never markup, another host or a scheme", () => {
  const page = folderPage(
    "/a%3Cb/",
    [
      { name: "<script>", folder: false },
      { name: "javascript:x", folder: false },
      { name: "sub & co", folder: true },
    ],
    false,
  );
  expect(page).toContain("<title>Index of /a&lt;b/</title>");
  expect(page).toContain('<a href="./%3Cscript%3E">&lt;script&gt;</a>');
  expect(page).toContain('<a href="./javascript%3Ax">javascript:x</a>');
  expect(page).toContain('<a href="./sub%20%26%20co/">sub &amp; co/</a>');
  expect(page).toContain('<a href="../">');
  expect(folderPage("/", [], true)).not.toContain("../");
});
