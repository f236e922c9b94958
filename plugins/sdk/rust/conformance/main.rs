//! The plugin that plugins/conformance/README.md describes.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use serde_json::{json, Value};
use weir_plugin::protocol::{Endpoint, LogPhase, Match};
use weir_plugin::{
    code, Action, Body, Choice, End, Host, HttpRequest, Level, Needs, Plugin, PluginError, RequestHead, ResponseHead, Result,
    Stream,
};

const LONG: Duration = Duration::from_secs(3600);

struct Settings {
    greeting: String,
}

#[derive(Clone)]
struct Path(String);

static ROUNDS: Mutex<u64> = Mutex::new(0);
static RELEASED: Condvar = Condvar::new();

fn main() {
    Plugin::with_config("conformance", "1", read)
        .matching(Match { prefixes: Some(vec!["/".into()]), ..Match::default() })
        .config_schema(json!({"type": "object", "properties": {"greeting": {"type": "string"}}}))
        .request_head(Needs::new().all_fields().attributes(["client.address", "route"]), request_head)
        .request_body(Needs::new().limit_bytes(65536), request_body)
        .response_head(Needs::new().fields(["content-type"]), response_head)
        .response_stream(response_body)
        .choose_upstream(Needs::new(), choose_upstream)
        .log(log_phase(), |host, records, lost| {
            host.count("records", records.len() as u64, &[]);
            if lost > 0 {
                host.count("lost", lost, &[]);
            }
        })
        .tick(1000, |host, _, _| host.count("ticks", 1, &[]))
        .endpoints(|watch| {
            let addresses = watch.config()["addresses"].as_array().into_iter().flatten();
            let address = |value: &Value| Endpoint { address: value.as_str().unwrap_or("").into(), ..Endpoint::default() };
            watch.send(addresses.map(address).collect())?;
            while watch.wait(LONG) {}
            watch.host().log(Level::Info, "unwatched");
            Ok(())
        })
        .on_done(|host, kept| {
            if kept.get::<Path>().is_some_and(|path| path.0 == "/done") {
                host.log(Level::Info, "done");
            }
        })
        .run();
}

fn read(value: Value) -> Result<Settings> {
    if value.get("bad").is_some() {
        return Err(PluginError::new(code::INVALID_PARAMS, "leave out bad").into());
    }
    Ok(Settings { greeting: value["greeting"].as_str().unwrap_or("none").into() })
}

fn log_phase() -> LogPhase {
    LogPhase { attributes: Some(vec!["status".into(), "route".into()]), every_ms: Some(50), batch: Some(10) }
}

fn request_head(call: &RequestHead<Settings>) -> Result<Action> {
    let request = &call.request;
    let path = request.path.split('?').next().unwrap_or("");
    call.kept().set(Path(path.into()));
    let host = call.host();
    let action = Action::new();
    Ok(match path {
        "/fields" => action.set("x-set", call.field("x-in").unwrap_or("none")).add("x-add", "1").remove("x-remove"),
        "/request" => action
            .set("x-request", format!("{} {} {} {}", request.method, request.scheme, request.authority, request.path))
            .set("x-end", call.end.unwrap_or(false).to_string()),
        "/head" => action
            .method("PUT")
            .path("/changed?q=1")
            .metadata("conformance", json!({"seen": true}))
            .timeout_ms(1500)
            .cluster("other"),
        "/respond" => Action::respond(418, "short and stout").with("content-type", "text/plain"),
        "/respond-bytes" => Action::respond(200, [0x00, 0xff, 0x0a]),
        "/redirect" => Action::redirect("/elsewhere", 307),
        "/reset" => Action::reset(),
        "/skip-body" => action.skip_body(),
        "/cache" => Action::respond(204, "").cache(["method", "field:authorization"], 30_000),
        "/attributes" => {
            let of = |name| call.attribute(name).and_then(Value::as_str).unwrap_or("none");
            action.set("x-client", of("client.address")).set("x-route", of("route"))
        }
        "/config" => action.set("x-greeting", call.settings().greeting.as_str()),
        "/error" => return Err("asked for".into()),
        "/wait" => {
            let rounds = ROUNDS.lock().unwrap();
            let before = *rounds;
            drop(RELEASED.wait_while(rounds, |rounds| *rounds == before));
            action
        }
        "/release" => {
            *ROUNDS.lock().unwrap() += 1;
            RELEASED.notify_all();
            action
        }
        "/wait-cancel" => {
            call.wait_cancelled(LONG);
            host.log(Level::Info, "cancelled");
            action
        }
        "/print" => {
            println!("stray");
            action
        }
        "/log" => {
            host.log_with(Level::Warn, "hello", BTreeMap::from([("n".into(), json!(1))]));
            action
        }
        "/count" => {
            host.count("seen", 2, &[("a", "b")]);
            action
        }
        "/kv" => store(host)?,
        "/denied" => {
            let code = host.get("k").err().map_or("none".into(), |fault| fault.code.to_string());
            action.set("x-code", code)
        }
        "/http" => {
            let reply = host.http(HttpRequest {
                cluster: "c".into(),
                method: Some("POST".into()),
                path: "/p".into(),
                fields: vec![("a".into(), "b".into())],
                timeout_ms: Some(500),
                body: b"ping".to_vec(),
                ..HttpRequest::default()
            })?;
            action.set("x-status", reply.status.to_string()).set("x-body", String::from_utf8(reply.body)?)
        }
        _ => action,
    })
}

fn store(host: &Host) -> Result<Action> {
    host.set("k", json!({"n": 1}), Some(1000))?;
    let got = host.get("k")?;
    let sum = host.add("c", 2.0, None)?;
    let deleted = host.delete("k")?;
    Ok(Action::new().set("x-n", got["n"].to_string()).set("x-sum", sum.to_string()).set("x-deleted", deleted.to_string()))
}

fn request_body(call: &Body<Settings>) -> Result<Action> {
    if call.bytes().is_empty() {
        return Ok(Action::new());
    }
    let trailers = call.trailers.as_ref().map_or(0, Vec::len);
    Ok(Action::new()
        .set("x-length", call.bytes().len().to_string())
        .set("x-trailers", trailers.to_string())
        .body(call.bytes().to_ascii_uppercase()))
}

fn response_head(call: &ResponseHead<Settings>) -> Result<Action> {
    let status = call.response.status;
    let action = Action::new().set("x-status", status.to_string());
    Ok(if status == 404 { action.status(410) } else { action })
}

fn response_body(stream: &Stream<Settings>) -> Result<End> {
    let (mut count, mut with_sum) = (0, false);
    for (number, piece) in stream.enumerate() {
        let piece = piece?;
        count += piece.len();
        if number == 0 {
            if piece.starts_with(b"!pass") {
                return Ok(End::Pass);
            }
            if piece.starts_with(b"!error") {
                return Err("asked for".into());
            }
            if piece.starts_with(b"!early") {
                stream.write(b"bye")?;
                return Ok(End::Here);
            }
            if let Some(number) = piece.strip_prefix(b"!big ") {
                stream.write(&vec![b'a'; std::str::from_utf8(number)?.parse()?])?;
                for rest in stream {
                    rest?;
                }
                return Ok(End::Here);
            }
            with_sum = piece.starts_with(b"!trailers");
        }
        stream.write(&piece.to_ascii_uppercase())?;
    }
    Ok(if with_sum { End::With(vec![("x-sum".into(), count.to_string())]) } else { End::Here })
}

fn choose_upstream(call: &Choice<Settings>) -> Result<Option<String>> {
    let near = call.hosts.iter().rev().find(|host| host.zone.as_deref() == Some("b"));
    Ok(near.map(|host| host.address.clone()))
}
