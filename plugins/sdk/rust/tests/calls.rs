mod peer;

use std::sync::mpsc::{channel, Receiver, Sender};
use std::sync::Mutex;
use std::time::Duration;

use peer::{head, Peer};
use serde_json::{json, Value};
use weir_plugin::protocol::LogPhase;
use weir_plugin::{Action, Needs, Plugin, Result};

/// A pair of ends for tests whose handlers wait: those are shared by threads.
fn gate<T>() -> (Sender<T>, Mutex<Receiver<T>>) {
    let (open, gate) = channel();
    (open, Mutex::new(gate))
}

#[test]
fn a_quick_handler_and_a_slow_one_answer_the_same() {
    for needs in [Needs::new().all_fields(), Needs::new().all_fields().quick()] {
        let plugin = Plugin::new("p", "1").request_head(needs, |call| {
            Ok(Action::new().set("x", format!("{} {:?} {:?}", call.request.path, call.field("a"), call.field("b"))))
        });
        let mut peer = Peer::new(plugin, json!({}));
        assert_eq!(peer.ask("requestHead", head("/p"))["result"], json!({"fields": [["set", "x", "/p Some(\"1\") None"]]}));
        assert_eq!(peer.close(), 0);
    }
}

#[test]
fn bodies_of_answers_take_the_form_that_fits() {
    let plugin = Plugin::new("p", "1").request_head(Needs::new().quick(), |call| {
        Ok(match call.request.path.as_str() {
            "/empty" => Action::respond(204, ""),
            "/text" => Action::respond(200, "ä"),
            _ => Action::respond(200, [0xff]),
        })
    });
    let mut peer = Peer::new(plugin, json!({"capabilities": {}}));
    assert_eq!(peer.ask("requestHead", head("/empty"))["result"], json!({"respond": {"status": 204}}));
    assert_eq!(peer.ask("requestHead", head("/text"))["result"], json!({"respond": {"status": 200, "text": "ä"}}));
    assert_eq!(peer.ask("requestHead", head("/"))["result"], json!({"respond": {"status": 200, "base64": "/w=="}}));
}

#[test]
fn what_fails_in_a_handler_fails_its_call_alone() {
    for needs in [Needs::new(), Needs::new().quick()] {
        let plugin = Plugin::new("p", "1").request_head(needs, |call| match call.request.path.as_str() {
            "/panic" => panic!("asked for"),
            "/long" => Ok(Action::respond(200, "x".repeat(70_000))),
            "/error" => Err("no key".into()),
            _ => Ok(Action::new()),
        });
        let mut peer = Peer::new(plugin, json!({"capabilities": {}}));
        let error = |answer: Value| (answer["error"]["code"].clone(), answer["error"]["message"].clone());
        assert_eq!(error(peer.ask("requestHead", head("/panic"))), (json!(-32603), json!("panicked: asked for")));
        assert_eq!(error(peer.ask("requestHead", head("/error"))), (json!(-32603), json!("no key")));
        assert_eq!(error(peer.ask("requestHead", head("/long"))).0, json!(-32002));
        assert_eq!(error(peer.ask("requestHead", json!({"x": 1}))).0, json!(-32602));
        assert_eq!(error(peer.ask("other", json!({}))).0, json!(-32601));
        assert_eq!(peer.ask("requestHead", head("/"))["result"], json!({}));
    }
}

#[test]
fn the_reader_goes_on_while_handlers_wait() {
    let (open, wait) = gate::<()>();
    let plugin = Plugin::new("p", "1").request_head(Needs::new(), move |_| {
        let _ = wait.lock().unwrap().recv();
        Ok(Action::new())
    });
    let mut peer = Peer::new(plugin, json!({}));
    let id = peer.call("requestHead", head("/"), b"");
    assert_eq!(peer.ask("ping", json!({}))["result"], json!({}));
    open.send(()).unwrap();
    assert_eq!(peer.next().0["id"], json!(id));
}

#[test]
fn a_cancelled_call_is_not_answered() {
    let (told, begun) = channel();
    let told = Mutex::new(told);
    let plugin = Plugin::new("p", "1").request_head(Needs::new(), move |call| {
        told.lock().unwrap().send(false)?;
        told.lock().unwrap().send(call.wait_cancelled(Duration::from_secs(60)))?;
        Ok(Action::new())
    });
    let mut peer = Peer::new(plugin, json!({}));
    let id = peer.call("requestHead", head("/"), b"");
    assert!(!begun.recv().unwrap());
    peer.notify("cancel", json!({"id": id}), b"");
    assert!(begun.recv().unwrap());
    assert_eq!(peer.ask("ping", json!({}))["result"], json!({}));
}

#[test]
fn each_use_has_settings_of_its_own() {
    fn read(value: Value) -> Result<String> {
        Ok(value.as_str().ok_or("give a name")?.to_uppercase())
    }
    let plugin = Plugin::with_config("p", "1", read)
        .request_head(Needs::new().quick(), |call| Ok(Action::new().path(call.settings().as_str())));
    let mut peer = Peer::new(plugin, json!({}));
    let of = |config: u64| {
        let mut params = head("/");
        params["config"] = json!(config);
        params
    };
    assert_eq!(peer.ask("requestHead", of(0))["error"]["message"], json!("give a name"));
    assert_eq!(peer.ask("configure", json!({"config": 1, "value": 5}))["error"]["message"], json!("give a name"));
    assert_eq!(peer.ask("configure", json!({"config": 2, "value": "b"}))["result"], json!({}));
    assert_eq!(peer.ask("requestHead", of(2))["result"], json!({"path": "B"}));
    peer.notify("unconfigure", json!({"config": 2}), b"");
    assert_eq!(peer.ask("requestHead", of(2))["error"]["code"], json!(-32602));
}

#[test]
fn what_one_phase_keeps_another_finds_until_the_exchange_is_done() {
    let plugin = Plugin::new("p", "1")
        .request_head(Needs::new().quick(), |call| {
            call.kept().set(call.request.path.clone());
            Ok(Action::new())
        })
        .response_head(Needs::new(), |call| Ok(Action::new().set("x", call.kept().get::<String>().unwrap_or_default())));
    let mut peer = Peer::new(plugin, json!({}));
    let reply = json!({"x": 1, "config": 0, "deadlineMs": 1000, "response": {"status": 200}});
    peer.ask("requestHead", head("/kept"));
    assert_eq!(peer.ask("responseHead", reply.clone())["result"]["fields"][0][2], json!("/kept"));
    peer.notify("done", json!({"x": 1}), b"");
    assert_eq!(peer.ask("responseHead", reply)["result"]["fields"][0][2], json!(""));
}

#[test]
fn a_quick_handler_can_not_wait_for_the_host() {
    let plugin = Plugin::new("p", "1").request_head(Needs::new().quick(), |call| {
        call.host().get("k")?;
        Ok(Action::new())
    });
    let mut peer = Peer::new(plugin, json!({}));
    let answer = peer.ask("requestHead", head("/"));
    assert!(answer["error"]["message"].as_str().unwrap().contains("leave out quick()"), "{answer}");
}

#[test]
fn the_end_of_the_input_ends_what_waits() {
    let (told, tells) = channel();
    let told = Mutex::new(told);
    let plugin = Plugin::new("p", "1").request_head(Needs::new(), move |call| {
        told.lock().unwrap().send(call.host().get("k").err().map(|fault| fault.message))?;
        Ok(Action::new())
    });
    let mut peer = Peer::new(plugin, json!({}));
    peer.call("requestHead", head("/"), b"");
    assert_eq!(peer.next().0["method"], json!("kv.get"));
    assert_eq!(peer.close(), 0);
    assert_eq!(tells.recv().unwrap().unwrap(), "the host is gone");
}

#[test]
fn what_is_no_message_ends_the_plugin() {
    let mut peer = Peer::new(Plugin::new("p", "1"), json!({}));
    peer.raw(b"hello\n");
    assert_eq!(peer.next().0, Value::Null);
    assert_eq!(peer.close(), 1);
}

#[test]
fn records_that_a_slow_one_misses_are_counted() {
    let (open, wait) = gate::<()>();
    let (told, tells) = channel();
    let told = Mutex::new(told);
    let plugin = Plugin::new("p", "1").log(LogPhase::default(), move |_, records, lost| {
        let _ = wait.lock().unwrap().recv();
        let _ = told.lock().unwrap().send((records.len() as u64, lost));
    });
    let mut peer = Peer::new(plugin, json!({}));
    for _ in 0..100 {
        peer.notify("log", json!({"records": [{}]}), b"");
    }
    peer.ask("ping", json!({}));
    drop(open);
    let (mut seen, mut lost) = (0, 0);
    while seen < 64 {
        seen += tells.recv().unwrap().0;
    }
    while seen + lost < 101 {
        if lost == 0 {
            peer.notify("log", json!({"records": [{}]}), b"");
        }
        let next = tells.recv().unwrap();
        (seen, lost) = (seen + next.0, lost + next.1);
    }
    assert!(lost > 0);
}
