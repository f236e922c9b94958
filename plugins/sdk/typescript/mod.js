// Generated of mod.ts, for runtimes that read no TypeScript.
// plugins/sdk/typescript/call_error.ts
var ERROR = {
  method: -32601,
  params: -32602,
  failed: -32603,
  notGranted: -32001,
  tooLarge: -32002,
  hostCall: -32003
};

class CallError extends Error {
  code;
  constructor(message, code = ERROR.failed) {
    super(message);
    this.name = "CallError";
    this.code = code;
  }
}
function messageOf(e) {
  return e instanceof Error ? e.message : String(e);
}
function codeOf(e, otherwise) {
  return e instanceof CallError ? e.code : otherwise;
}
// plugins/sdk/typescript/serve.ts
import process2 from "node:process";

// plugins/sdk/typescript/description.ts
var PHASES = [
  "requestHead",
  "requestBody",
  "responseHead",
  "responseBody",
  "chooseUpstream",
  "log",
  "tick",
  "endpoints"
];
function descriptionOf(p) {
  const phases = {};
  for (const name of PHASES) {
    const phase = p[name];
    if (phase === undefined)
      continue;
    phases[name] = Object.fromEntries(Object.entries(phase).filter(([, v]) => typeof v !== "function"));
  }
  const out = {
    name: p.name,
    version: p.version,
    capabilities: p.text === true ? { binary: true, text: true } : { binary: true },
    phases
  };
  if (p.match !== undefined)
    out.match = p.match;
  if (p.configSchema !== undefined)
    out.configSchema = p.configSchema;
  return out;
}

// plugins/sdk/typescript/reader.ts
import { Buffer } from "node:buffer";
var LF = 10;

class Reader {
  #onMessage;
  #rest = [];
  #restBytes = 0;
  #framed = null;
  #frameBytes = 0;
  constructor(onMessage) {
    this.#onMessage = onMessage;
  }
  read(chunk) {
    let at = 0;
    while (at < chunk.length) {
      if (this.#framed !== null) {
        const missing = this.#frameBytes - this.#restBytes;
        if (chunk.length - at < missing) {
          this.#keep(chunk.subarray(at));
          return;
        }
        const frame = this.#whole(chunk.subarray(at, at + missing));
        const message = this.#framed;
        this.#framed = null;
        at += missing;
        this.#onMessage(message, frame);
        continue;
      }
      const end = chunk.indexOf(LF, at);
      if (end < 0) {
        this.#keep(chunk.subarray(at));
        return;
      }
      const line = this.#restBytes === 0 ? chunk.toString("utf8", at, end) : this.#whole(chunk.subarray(at, end)).toString("utf8");
      at = end + 1;
      this.#line(line);
    }
  }
  #line(line) {
    if (line.length < 2 && line.trim() === "")
      return;
    const message = JSON.parse(line);
    if (typeof message !== "object" || message === null || Array.isArray(message))
      throw new SyntaxError("it is no object");
    const bytes = message.bytes;
    if (bytes === undefined)
      this.#onMessage(message, null);
    else {
      if (!Number.isSafeInteger(bytes) || bytes < 1)
        throw new SyntaxError(`bytes is ${bytes}`);
      this.#framed = message;
      this.#frameBytes = bytes;
    }
  }
  #keep(part) {
    this.#rest.push(part);
    this.#restBytes += part.length;
  }
  #whole(last) {
    if (this.#restBytes === 0)
      return last;
    const whole = Buffer.concat([...this.#rest, last]);
    this.#rest = [];
    this.#restBytes = 0;
    return whole;
  }
}

// plugins/sdk/typescript/answers.ts
class Answers {
  #writer;
  #open = new Map;
  constructor(writer) {
    this.#writer = writer;
  }
  action(id, call, outcome) {
    if (outcome instanceof Promise)
      this.#later(id, call, outcome, (action) => this.#action(id, action));
    else {
      call.over();
      this.#action(id, outcome);
    }
  }
  result(id, call, outcome, asResult) {
    if (outcome instanceof Promise)
      this.#later(id, call, outcome, (of) => this.done(id, asResult(of)));
    else {
      call.over();
      this.done(id, asResult(outcome));
    }
  }
  promise(id, outcome, code, then) {
    outcome.then((result) => this.done(id, result)).catch((e) => this.failed(id, codeOf(e, code), messageOf(e))).then(then);
  }
  done(id, result, place = null, bytes = null) {
    this.#writer.send({ jsonrpc: "2.0", id, result }, place, bytes);
  }
  failed(id, code, message) {
    this.#writer.send({ jsonrpc: "2.0", id, error: { code, message } });
  }
  cancel(id) {
    this.#open.get(id)?.over(new DOMException("the host waits no longer", "AbortError"));
  }
  exchangeDone(x) {
    for (const call of this.#open.values())
      if (call.x === x)
        call.over(new DOMException("the exchange is over", "AbortError"));
  }
  #later(id, call, outcome, answer) {
    this.#open.set(id, call);
    outcome.then((of) => {
      this.#over(id, call);
      answer(of);
    }).catch((e) => {
      this.#over(id, call);
      this.failed(id, codeOf(e, ERROR.failed), messageOf(e));
    });
  }
  #over(id, call) {
    this.#open.delete(id);
    call.over();
  }
  #action(id, action) {
    if (action == null) {
      this.done(id, {});
      return;
    }
    const { bytes, ...result } = action;
    if (action.respond?.bytes !== undefined) {
      const { bytes: body, ...respond } = action.respond;
      this.done(id, { ...result, respond }, respond, body);
    } else if (bytes === undefined)
      this.done(id, action);
    else
      this.done(id, result, result, bytes);
  }
}

// plugins/sdk/typescript/writer.ts
import { Buffer as Buffer2 } from "node:buffer";
class Writer {
  #write;
  #parts = [];
  #text = "";
  #isDue = false;
  binary = false;
  messageBytes = 4194304;
  constructor(write) {
    this.#write = write;
  }
  send(message, place = null, bytes = null) {
    const hasBytes = place !== null && bytes !== null;
    const isFramed = hasBytes && this.binary && bytes.length > 0;
    if (isFramed)
      message["bytes"] = bytes.length;
    else if (hasBytes)
      place["base64"] = asBuffer(bytes).toString("base64");
    const line = JSON.stringify(message);
    if (line.length * 3 >= this.messageBytes || isFramed && bytes.length > this.messageBytes)
      this.#check(line, bytes, isFramed);
    this.#text += `${line}
`;
    if (isFramed) {
      this.#parts.push(this.#text, bytes);
      this.#text = "";
    }
    if (this.#isDue)
      return;
    this.#isDue = true;
    queueMicrotask(() => this.flush());
  }
  get pieceBytes() {
    return this.binary ? this.messageBytes : Math.max(1, Math.floor((this.messageBytes - 200) * 3 / 4));
  }
  flush() {
    this.#isDue = false;
    const text = this.#text;
    this.#text = "";
    if (this.#parts.length === 0) {
      if (text !== "")
        this.#write(text);
      return;
    }
    const parts = this.#parts;
    this.#parts = [];
    if (text !== "")
      parts.push(text);
    this.#write(Buffer2.concat(parts.map((p) => typeof p === "string" ? Buffer2.from(p) : p)));
  }
  #check(line, bytes, isFramed) {
    const length = Buffer2.byteLength(line) + 1;
    const longest = isFramed ? Math.max(length, bytes.length) : length;
    if (longest > this.messageBytes)
      throw new CallError(`send less: a message of ${longest} bytes, the host takes ${this.messageBytes}`, ERROR.tooLarge);
  }
}
function asBuffer(b) {
  return Buffer2.from(b.buffer, b.byteOffset, b.byteLength);
}
function bytesOf(piece) {
  return typeof piece === "string" ? Buffer2.from(piece) : piece;
}
var NONE = new Uint8Array(0);
function bytesIn(place, frame) {
  if (frame !== null)
    return frame;
  if (typeof place.base64 === "string")
    return Buffer2.from(place.base64, "base64");
  return typeof place.text === "string" ? Buffer2.from(place.text) : NONE;
}

// plugins/sdk/typescript/calls.ts
var NO_ATTRIBUTES = Object.freeze({});

class AnyCall {
  x;
  config;
  deadlineMs;
  #exchanges;
  #state = null;
  #abort = null;
  #timer = null;
  #over = null;
  constructor(x, config, deadlineMs, exchanges) {
    this.x = x;
    this.config = config;
    this.deadlineMs = deadlineMs;
    this.#exchanges = exchanges;
  }
  get state() {
    this.#state ??= this.#over === null ? this.#exchanges.state(this.x) : new Map;
    return this.#state;
  }
  get signal() {
    if (this.#abort === null) {
      this.#abort = new AbortController;
      if (this.#over !== null)
        this.#abort.abort(this.#over);
      else if (this.deadlineMs > 0) {
        const late = () => this.over(new DOMException("the host waits no longer", "TimeoutError"));
        this.#timer = setTimeout(late, this.deadlineMs);
      }
    }
    return this.#abort.signal;
  }
  over(why = null) {
    if (this.#timer !== null)
      clearTimeout(this.#timer);
    this.#timer = null;
    if (why === null)
      return;
    this.#over ??= why;
    this.#abort?.abort(why);
  }
}

class AnyHeadCall extends AnyCall {
  attributes;
  end;
  #fields;
  constructor(p, config, exchanges, fields) {
    super(p.x, config, p.deadlineMs, exchanges);
    this.attributes = p.attributes ?? NO_ATTRIBUTES;
    this.end = p.end === true;
    this.#fields = fields;
  }
  field(name) {
    for (const f of this.#fields)
      if (f[0] === name)
        return f[1];
    return;
  }
  fieldAll(name) {
    return this.#fields.filter((f) => f[0] === name).map((f) => f[1]);
  }
}

class RequestHeadCall extends AnyHeadCall {
  request;
  constructor(p, config, exchanges) {
    if (typeof p.request !== "object")
      throw new CallError("pass request", ERROR.params);
    super(p, config, exchanges, p.request.fields ?? []);
    this.request = p.request;
  }
}

class ResponseHeadCall extends AnyHeadCall {
  response;
  constructor(p, config, exchanges) {
    if (typeof p.response !== "object")
      throw new CallError("pass response", ERROR.params);
    super(p, config, exchanges, p.response.fields ?? []);
    this.response = p.response;
  }
}

class WholeBodyCall extends AnyCall {
  bytes;
  trailers;
  constructor(p, frame, config, exchanges) {
    super(p.x, config, p.deadlineMs, exchanges);
    this.bytes = bytesIn(p, frame);
    this.trailers = p.trailers ?? [];
  }
  text() {
    return new TextDecoder().decode(this.bytes);
  }
}

class ChooseHostCall extends AnyCall {
  cluster;
  hosts;
  attempt;
  attributes;
  constructor(p, config, exchanges) {
    if (!Array.isArray(p.hosts))
      throw new CallError("pass hosts", ERROR.params);
    super(p.x, config, p.deadlineMs, exchanges);
    this.cluster = p.cluster;
    this.hosts = p.hosts;
    this.attempt = p.attempt ?? 1;
    this.attributes = p.attributes ?? NO_ATTRIBUTES;
  }
}

// plugins/sdk/typescript/exchanges.ts
class Exchanges {
  #states = new Map;
  #isTold;
  constructor(isTold) {
    this.#isTold = isTold;
  }
  state(x) {
    const found = this.#states.get(x);
    if (found !== undefined)
      return found;
    const made = new Map;
    if (this.#isTold)
      this.#states.set(x, made);
    return made;
  }
  done(x) {
    const state = this.#states.get(x) ?? new Map;
    this.#states.delete(x);
    return state;
  }
}
function isToldOfEnds(p) {
  const phases = [p.requestHead, p.requestBody, p.responseHead, p.responseBody, p.chooseUpstream];
  return phases.filter((one) => one !== undefined).length > 1 || [p.requestBody, p.responseBody].some((b) => b?.mode === "streamed");
}

// plugins/sdk/typescript/host.ts
class HostLink {
  plugin = "";
  process = 0;
  calls = [];
  log;
  kv;
  #writer;
  #waiting = new Map;
  #lastId = 0;
  #isGone = false;
  constructor(writer) {
    this.#writer = writer;
    const log = (level) => (message, facts) => this.notify("log", facts === undefined ? { level, message } : { level, message, facts });
    this.log = { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
    this.kv = {
      get: async (key) => (await this.#ask("kv.get", { key })).value ?? undefined,
      set: async (key, value, ttlMs) => void await this.#ask("kv.set", withTtl({ key, value }, ttlMs)),
      delete: async (key) => (await this.#ask("kv.delete", { key })).deleted === true,
      add: async (key, by, ttlMs) => Number((await this.#ask("kv.add", withTtl({ key, by }, ttlMs))).value)
    };
  }
  count(name, add = 1, labels) {
    this.notify("count", labels === undefined ? { name, add } : { name, add, labels });
  }
  async http(call) {
    const { body, ...params } = call;
    const { result, frame } = await this.#request("http", params, body === undefined ? null : bytesOf(body));
    const answer = result;
    const bytes = bytesIn(answer, frame);
    return { status: answer.status, fields: answer.fields ?? [], bytes, text: () => new TextDecoder().decode(bytes) };
  }
  notify(method, params, bytes = null) {
    if (!this.#isGone)
      this.#writer.send({ jsonrpc: "2.0", method, params }, params, bytes);
  }
  answer(message, frame) {
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined)
      return;
    this.#waiting.delete(message.id);
    if (message.error === undefined)
      waiting.resolve({ result: message.result ?? {}, frame });
    else
      waiting.reject(new CallError(message.error.message, message.error.code));
  }
  gone() {
    this.#isGone = true;
    for (const w of this.#waiting.values())
      w.reject(new CallError("the host is gone", ERROR.hostCall));
    this.#waiting.clear();
  }
  async#ask(method, params) {
    return (await this.#request(method, params, null)).result;
  }
  #request(method, params, bytes) {
    return new Promise((resolve, reject) => {
      if (this.#isGone)
        throw new CallError("the host is gone", ERROR.hostCall);
      this.#lastId += 1;
      this.#writer.send({ jsonrpc: "2.0", id: this.#lastId, method, params }, params, bytes);
      this.#waiting.set(this.#lastId, { resolve, reject });
    });
  }
}
function withTtl(params, ttlMs) {
  return ttlMs === undefined ? params : { ...params, ttlMs };
}

// plugins/sdk/typescript/log_queue.ts
var MOST = 64;

class LogQueue {
  #handle;
  #failed;
  #waiting = [];
  #lost = 0;
  #isBusy = false;
  constructor(handle, failed) {
    this.#handle = handle;
    this.#failed = failed;
  }
  push(records, lost) {
    this.#lost += lost;
    if (this.#waiting.length >= MOST)
      this.#lost += records.length;
    else
      this.#waiting.push(records);
    if (!this.#isBusy)
      this.#run();
  }
  async#run() {
    this.#isBusy = true;
    for (let records = this.#waiting.shift();records !== undefined; records = this.#waiting.shift()) {
      const lost = this.#lost;
      this.#lost = 0;
      try {
        const made = this.#handle(records, lost);
        if (made instanceof Promise)
          await made;
      } catch (e) {
        this.#failed(e);
      }
    }
    this.#isBusy = false;
  }
}

// plugins/sdk/typescript/body_stream.ts
class Gone extends Error {
}

class BodyStream {
  trailers = [];
  call;
  #direction;
  #host;
  #writer;
  #state = "open";
  #queue = [];
  #hasEnd = false;
  #inHand = 0;
  #credit;
  #wake = null;
  #wakeReader = null;
  constructor(call, direction, host, writer, window) {
    this.call = call;
    this.#direction = direction;
    this.#host = host;
    this.#writer = writer;
    this.#credit = window;
  }
  get isOver() {
    return this.#state !== "open" && this.#hasEnd;
  }
  receive(bytes, end, trailers) {
    if (trailers !== undefined)
      this.trailers.push(...trailers);
    this.#hasEnd ||= end;
    if (this.#state === "dropping")
      this.#acknowledge(bytes.length);
    if (this.#state !== "open")
      return;
    if (bytes.length > 0)
      this.#queue.push(bytes);
    this.#wakeReader?.();
  }
  credit(bytes) {
    this.#credit += bytes;
    this.#wake?.();
  }
  close() {
    this.#state = "closed";
    this.call.over(new DOMException("the exchange is over", "AbortError"));
    this.#wake?.();
    this.#wakeReader?.();
  }
  taken() {
    this.#acknowledge(this.#inHand);
    this.#inHand = 0;
  }
  [Symbol.asyncIterator]() {
    return {
      next: () => this.#next(),
      return: () => Promise.resolve({ done: true, value: undefined })
    };
  }
  async run(handler) {
    let made = null;
    try {
      made = handler(this, this.call, this.#host);
      for (;; ) {
        const step = await made.next();
        if (step.done === true)
          return this.#finish(step.value ?? {});
        await this.#put(bytesOf(step.value));
      }
    } catch (e) {
      await made?.return(undefined).catch(() => {
        return;
      });
      this.#fail(messageOf(e));
    }
  }
  async#next() {
    this.taken();
    while (this.#queue.length === 0) {
      if (this.#state === "closed")
        throw new Gone("the exchange is over");
      if (this.#hasEnd)
        return { done: true, value: undefined };
      await new Promise((resolve) => {
        this.#wakeReader = resolve;
      });
    }
    const value = this.#queue.shift();
    this.#inHand = value.length;
    return { done: false, value };
  }
  async#put(bytes) {
    for (let at = 0;at < bytes.length; ) {
      while (this.#credit === 0 && this.#state === "open")
        await new Promise((resolve) => {
          this.#wake = resolve;
        });
      if (this.#state !== "open")
        throw new Gone("the exchange is over");
      const piece = bytes.subarray(at, at + Math.min(this.#credit, this.#writer.pieceBytes));
      this.#credit -= piece.length;
      at += piece.length;
      this.#host.notify(this.#direction.out, { x: this.call.x }, piece);
    }
    if (this.#state === "closed")
      throw new Gone("the exchange is over");
  }
  #finish(out) {
    if (this.#state !== "open")
      return;
    const { x } = this.call;
    if (out.pass === true) {
      this.#state = "closed";
      this.#host.notify(this.#direction.out, { x, pass: true });
    } else {
      this.#state = "dropping";
      this.#host.notify(this.#direction.out, out.trailers === undefined ? { x, end: true } : { x, end: true, trailers: out.trailers });
      this.#acknowledge(this.#inHand + this.#queue.reduce((sum, b) => sum + b.length, 0));
    }
    this.#queue.length = 0;
  }
  #fail(why) {
    if (this.#state !== "open")
      return;
    this.#state = "closed";
    this.#queue.length = 0;
    this.#host.notify(this.#direction.out, { x: this.call.x, error: why });
  }
  #acknowledge(bytes) {
    if (bytes > 0 && this.#state !== "closed")
      this.#host.notify(this.#direction.taken, { x: this.call.x, bytes });
  }
}

// plugins/sdk/typescript/streams.ts
class Streams {
  window = 262144;
  #handler;
  #direction;
  #host;
  #writer;
  #exchanges;
  #open = new Map;
  constructor(handler, direction, host, writer, exchanges) {
    this.#handler = handler;
    this.#direction = direction;
    this.#host = host;
    this.#writer = writer;
    this.#exchanges = exchanges;
  }
  data(p, frame, config) {
    const found = this.#open.get(p.x);
    const stream = found ?? this.#begin(p.x, config);
    stream.receive(bytesIn(p, frame), p.end === true, p.trailers);
    if (found === undefined)
      stream.run(this.#handler).then(() => this.#forget(stream));
    else
      this.#forget(stream);
  }
  credit(x, bytes) {
    this.#open.get(x)?.credit(bytes);
  }
  done(x) {
    this.#open.get(x)?.close();
    this.#open.delete(x);
  }
  #begin(x, config) {
    const call = new AnyCall(x, config, 0, this.#exchanges);
    const stream = new BodyStream(call, this.#direction, this.#host, this.#writer, this.window);
    this.#open.set(x, stream);
    return stream;
  }
  #forget(stream) {
    if (stream.isOver && this.#open.get(stream.call.x) === stream)
      this.#open.delete(stream.call.x);
  }
}

// plugins/sdk/typescript/watches.ts
class Watches {
  #host;
  #open = new Map;
  constructor(host) {
    this.#host = host;
  }
  open(p) {
    const { watch, cluster, config } = p;
    const abort = new AbortController;
    this.#open.set(watch, abort);
    const tell = (endpoints) => {
      if (!abort.signal.aborted)
        this.#host.notify("endpoints", { watch, endpoints });
    };
    return { cluster, config, signal: abort.signal, tell };
  }
  close(watch) {
    this.#open.get(watch)?.abort();
    this.#open.delete(watch);
  }
}

// plugins/sdk/typescript/session.ts
var PROTOCOL = 1;
var REQUEST = { out: "requestOut", taken: "requestTaken" };
var RESPONSE = { out: "responseOut", taken: "responseTaken" };

class Session {
  #plugin;
  #writer;
  #host;
  #answers;
  #exchanges;
  #configs = new Map;
  #streams = [];
  #requests = new Map;
  #notices = new Map;
  #end;
  constructor(plugin, writer, end) {
    this.#plugin = plugin;
    this.#writer = writer;
    this.#host = new HostLink(writer);
    this.#answers = new Answers(writer);
    this.#exchanges = new Exchanges(isToldOfEnds(plugin));
    this.#end = end;
    this.#hearLife();
    this.#hearHeads();
    this.#hearBodies();
    this.#hearRest();
  }
  message(m, frame) {
    if (m.method === undefined)
      this.#host.answer(m, frame);
    else if (m.id === undefined)
      this.#notices.get(m.method)?.(m.params ?? {}, frame);
    else {
      const id = m.id;
      const run = this.#requests.get(m.method);
      if (run === undefined)
        this.#answers.failed(id, ERROR.method, `no method ${m.method}`);
      else
        try {
          run(id, m.params ?? {}, frame);
        } catch (e) {
          this.#answers.failed(id, codeOf(e, ERROR.failed), messageOf(e));
        }
    }
  }
  async inputEnded() {
    this.#host.gone();
    await this.#stop();
    this.#end(0);
  }
  #hearLife() {
    const answers = this.#answers;
    this.#requests.set("initialize", (id, p) => answers.promise(id, this.#initialize(p), ERROR.params)).set("configure", (id, p) => answers.promise(id, this.#configure(p), ERROR.params)).set("ping", (id) => answers.done(id, {})).set("shutdown", (id) => answers.promise(id, this.#stop(), ERROR.failed, () => this.#end(0)));
    this.#notices.set("unconfigure", (p) => void this.#configs.delete(p.config)).set("cancel", (p) => answers.cancel(p.id)).set("done", (p) => this.#done(p.x));
  }
  #hearHeads() {
    const { requestHead, responseHead, chooseUpstream } = this.#plugin;
    const [answers, host, exchanges] = [this.#answers, this.#host, this.#exchanges];
    if (requestHead !== undefined)
      this.#requests.set("requestHead", (id, p) => {
        const call = new RequestHeadCall(p, this.#config(p.config), exchanges);
        answers.action(id, call, requestHead.handle(call, host));
      });
    if (responseHead !== undefined)
      this.#requests.set("responseHead", (id, p) => {
        const call = new ResponseHeadCall(p, this.#config(p.config), exchanges);
        answers.action(id, call, responseHead.handle(call, host));
      });
    if (chooseUpstream !== undefined)
      this.#requests.set("chooseUpstream", (id, p) => {
        const call = new ChooseHostCall(p, this.#config(p.config), exchanges);
        const asResult = (address) => address == null ? {} : { host: address };
        answers.result(id, call, chooseUpstream.handle(call, host), asResult);
      });
  }
  #hearBodies() {
    for (const [name, direction] of [
      ["request", REQUEST],
      ["response", RESPONSE]
    ]) {
      const phase = this.#plugin[`${name}Body`];
      if (phase === undefined)
        continue;
      if (phase.mode === "streamed") {
        const streams = new Streams(phase.handle, direction, this.#host, this.#writer, this.#exchanges);
        this.#streams.push(streams);
        this.#notices.set(`${name}Data`, (p, frame) => streams.data(p, frame, this.#config(p.config))).set(`${name}Taken`, (p) => streams.credit(p.x, p.bytes));
      } else
        this.#requests.set(`${name}Body`, (id, p, frame) => {
          const call = new WholeBodyCall(p, frame, this.#config(p.config), this.#exchanges);
          this.#answers.action(id, call, phase.handle(call, this.#host));
        });
    }
  }
  #hearRest() {
    const { log, tick, endpoints } = this.#plugin;
    const host = this.#host;
    if (log !== undefined) {
      const queue = new LogQueue((records, lost) => log.handle(records, lost, host), this.#failure("log"));
      this.#notices.set("log", (p) => queue.push(p.records, p.lost ?? 0));
    }
    if (tick !== undefined)
      this.#notices.set("tick", (p) => this.#quietly("tick", () => tick.handle(p.time, this.#config(p.config), host)));
    if (endpoints === undefined)
      return;
    const watches = new Watches(host);
    this.#notices.set("watchEndpoints", (p) => this.#quietly("endpoints", () => endpoints.watch(watches.open(p), host))).set("unwatchEndpoints", (p) => watches.close(p.watch));
  }
  async#initialize(p) {
    const { min, max } = p.protocol;
    if (min > PROTOCOL || max < PROTOCOL)
      throw new CallError(`this plugin speaks version ${PROTOCOL} of the protocol, the host ${min} to ${max}`, ERROR.params);
    this.#host.plugin = p.plugin;
    this.#host.process = p.process ?? 0;
    this.#host.calls = p.capabilities?.calls ?? [];
    this.#writer.binary = p.capabilities?.binary === true;
    this.#writer.messageBytes = p.limits?.messageBytes ?? this.#writer.messageBytes;
    for (const streams of this.#streams)
      streams.window = p.limits?.streamWindow ?? streams.window;
    await this.#configure({ config: 0, value: p.config ?? null });
    return { protocol: PROTOCOL, ...descriptionOf(this.#plugin) };
  }
  async#configure(p) {
    const made = this.#plugin.configure === undefined ? p.value : await this.#plugin.configure(p.value, this.#host);
    this.#configs.set(p.config, made);
    return {};
  }
  #config(number) {
    return this.#configs.get(number ?? 0);
  }
  #done(x) {
    this.#answers.exchangeDone(x);
    for (const streams of this.#streams)
      streams.done(x);
    const state = this.#exchanges.done(x);
    this.#quietly("done", () => this.#plugin.done?.(x, state, this.#host));
  }
  async#stop() {
    try {
      await this.#plugin.stop?.(this.#host);
    } catch (e) {
      this.#host.log.error(`stop has failed: ${messageOf(e)}`);
    }
    return {};
  }
  #quietly(what, run) {
    try {
      const made = run();
      if (made instanceof Promise)
        made.catch(this.#failure(what));
    } catch (e) {
      this.#failure(what)(e);
    }
  }
  #failure(what) {
    return (e) => this.#host.log.error(`${what} has failed: ${messageOf(e)}`);
  }
}

// plugins/sdk/typescript/stdio.ts
import process from "node:process";
function takeStdio() {
  const { stdin, stdout, stderr } = process;
  const write = stdout.write.bind(stdout);
  const divert = stderr.write.bind(stderr);
  stdout.write = divert;
  for (const name of ["log", "info", "debug", "table", "dir"])
    globalThis.console[name] = globalThis.console.error;
  stdout.on("error", () => {
    return;
  });
  return {
    write: (data) => void write(data),
    read: (onData, onEnd) => {
      stdin.on("data", onData);
      stdin.on("end", onEnd);
      stdin.on("error", onEnd);
    },
    end: (code) => void write("", () => process.exit(code))
  };
}

// plugins/sdk/typescript/serve.ts
var COOKIE = "stdio-jsonrpc-1";
function serve(plugin) {
  if (process2.argv.includes("--describe")) {
    process2.stdout.write(`${JSON.stringify(descriptionOf(plugin))}
`, () => process2.exit(0));
    return;
  }
  if (process2.env["WEIR_PLUGIN"] !== COOKIE) {
    process2.stderr.write(`${plugin.name} ${plugin.version} is a plugin of Weir, which starts it: name it under plugins in its config
`);
    process2.exitCode = 1;
    return;
  }
  const stdio = takeStdio();
  const writer = new Writer(stdio.write);
  const end = (code) => {
    writer.flush();
    stdio.end(code);
  };
  const session = new Session(plugin, writer, end);
  const reader = new Reader((message, frame) => session.message(message, frame));
  stdio.read((chunk) => {
    try {
      reader.read(chunk);
    } catch (e) {
      process2.stderr.write(`the host has sent what is no message: ${messageOf(e)}
`);
      end(1);
    }
    writer.flush();
  }, () => void session.inputEnded());
}
export {
  CallError,
  ERROR,
  serve
};
