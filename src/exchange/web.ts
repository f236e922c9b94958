/** Anything that answers a `Request` with a `Response`: a Hono application, for one. */
export interface Handler {
  fetch(request: Request): Response | Promise<Response>;
}
