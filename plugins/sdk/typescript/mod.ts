export { CallError, ERROR } from "./call_error.ts";
export type { Host, HttpAnswer, HttpCall, KeyValue, Log } from "./host.ts";
export type {
  Action,
  BodyCall,
  BodyReader,
  Call,
  ChooseCall,
  Outcome,
  Piece,
  Plugin,
  Reply,
  RequestCall,
  ResponseCall,
  StreamCall,
  StreamOut,
  Watch,
} from "./plugin.ts";
export type { Attributes, Endpoint, Field, FieldChange, Match, UpstreamHost } from "./protocol.ts";
export { serve } from "./serve.ts";
