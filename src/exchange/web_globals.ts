import { keepText } from "./known_text.ts";
import { realRequest } from "./lazy_request.ts";

/** What is changed. */
export interface WebGlobals {
  Request: typeof Request;
  Response: typeof Response;
  fetch: typeof fetch;
}

/**
 * Makes the web's own constructors and `fetch` take what stands for a request here, and keep the texts that replies are made of. All else
 * of them is as it was: their instances, their prototypes and the classes that extend them. For a process that has handlers of others.
 */
export function prepareWebGlobals(g: WebGlobals): void {
  const { Request: request, Response: response, fetch: ask } = g;
  const { json } = response;
  g.Request = new Proxy(request, {
    construct: (target, args: unknown[], made) => construct(target, args.map(realRequest), made === g.Request ? target : made),
  });
  g.Response = new Proxy(response, {
    construct: (target, args: unknown[], made) => keepText(construct(target, args, made === g.Response ? target : made), args[0]),
  });
  // Fetch 5.5: as the constructor with the text, and a type where `init` has none.
  response.json = (data: unknown, init?: ResponseInit) => {
    const text: string | undefined = JSON.stringify(data);
    return text === undefined ? json.call(response, data, init) : new g.Response(text, json.call(response, null, init));
  };
  g.fetch = new Proxy(ask, { apply: (target, self, args: unknown[]) => Reflect.apply(target, self, args.map(realRequest)) });
}

function construct<T>(target: new (...args: never) => T, args: readonly unknown[], made: unknown): T {
  return Reflect.construct(target, args, made as new (...args: never) => T) as T;
}
