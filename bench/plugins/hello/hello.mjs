// The hello of the library's README.
import { serve } from "../../../plugins/sdk/typescript/mod.js";

serve({
  name: "hello",
  version: "1.0",
  requestHead: {
    fields: ["user-agent"],
    handle: (call) => ({ fields: [["set", "x-hello", call.field("user-agent") ?? "nobody"]] }),
  },
});
