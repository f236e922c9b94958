import { greeting } from "./greeting.ts";

export default { fetch: () => new Response(greeting) };
