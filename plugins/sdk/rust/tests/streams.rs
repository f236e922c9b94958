mod peer;

use std::sync::mpsc::channel;
use std::sync::Mutex;

use peer::{Peer, WINDOW};
use serde_json::{json, Value};
use weir_plugin::{End, Plugin, Result, Stream};

fn upper(stream: &Stream<()>) -> Result<End> {
    for piece in stream {
        stream.write(&piece?.to_ascii_uppercase())?;
    }
    Ok(End::Here)
}

fn peer_of(handler: impl Fn(&Stream<()>) -> Result<End> + Send + Sync + 'static) -> Peer {
    Peer::new(Plugin::new("p", "1").response_stream(handler), json!({}))
}

fn data(peer: &mut Peer, piece: &[u8], end: bool) {
    peer.notify("responseData", json!({"x": 1, "config": 0, "end": end}), piece);
}

/// What a host has seen of a stream.
#[derive(Default)]
struct Flow {
    out: Vec<u8>,
    taken: usize,
    last: Value,
}

impl Flow {
    fn take(&mut self, peer: &mut Peer) {
        let (message, frame) = peer.next();
        if message["method"] == "responseTaken" {
            self.taken += message["params"]["bytes"].as_u64().unwrap() as usize;
            return;
        }
        assert_eq!(message["method"], "responseOut", "{message}");
        self.out.extend_from_slice(&frame);
        if message["params"].as_object().unwrap().len() > 1 {
            self.last = message["params"].clone();
        }
    }

    fn until(&mut self, peer: &mut Peer, done: impl Fn(&Self) -> bool) {
        while !done(self) {
            self.take(peer);
        }
    }
}

#[test]
fn pieces_go_through_and_are_acknowledged() {
    let mut peer = peer_of(upper);
    let mut flow = Flow::default();
    data(&mut peer, b"ab", false);
    flow.until(&mut peer, |flow| flow.taken == 2);
    assert_eq!(flow.out, b"AB");
    data(&mut peer, b"cd", true);
    flow.until(&mut peer, |flow| !flow.last.is_null());
    assert_eq!((&flow.out[..], flow.taken, &flow.last), (&b"ABCD"[..], 4, &json!({"x": 1, "end": true})));
}

#[test]
fn output_waits_for_credit() {
    let mut peer = peer_of(|stream| {
        stream.write(&[b'x'; 100])?;
        Ok(End::Here)
    });
    let mut flow = Flow::default();
    data(&mut peer, b"", true);
    flow.until(&mut peer, |flow| flow.out.len() == WINDOW);
    peer.ask("ping", json!({}));
    peer.notify("responseTaken", json!({"x": 1, "bytes": 10}), b"");
    flow.until(&mut peer, |flow| flow.out.len() == WINDOW + 10);
    peer.ask("ping", json!({}));
    peer.notify("responseTaken", json!({"x": 1, "bytes": 60}), b"");
    flow.until(&mut peer, |flow| !flow.last.is_null());
    assert_eq!(flow.out.len(), 100);
}

#[test]
fn pass_leaves_the_piece_in_hand_to_the_host() {
    let mut peer = peer_of(|stream| {
        for piece in stream {
            if piece? != b"old" {
                return Ok(End::Pass);
            }
            stream.write(b"new")?;
        }
        Ok(End::Here)
    });
    let mut flow = Flow::default();
    data(&mut peer, b"old", false);
    data(&mut peer, b"stays", false);
    flow.until(&mut peer, |flow| !flow.last.is_null());
    assert_eq!((&flow.out[..], flow.taken, &flow.last), (&b"new"[..], 3, &json!({"x": 1, "pass": true})));
    data(&mut peer, b"more", true);
    peer.ask("ping", json!({}));
}

#[test]
fn pass_after_a_part_was_written_counts_the_piece() {
    let mut peer = peer_of(|stream| {
        stream.piece();
        stream.write(b"new")?;
        Ok(End::Pass)
    });
    let mut flow = Flow::default();
    data(&mut peer, b"ab", false);
    flow.until(&mut peer, |flow| !flow.last.is_null());
    assert_eq!((&flow.out[..], flow.taken), (&b"new"[..], 2));
}

#[test]
fn an_early_end_drops_and_acknowledges_the_rest() {
    let mut peer = peer_of(|stream| {
        stream.piece();
        Ok(End::Here)
    });
    let mut flow = Flow::default();
    data(&mut peer, b"ab", false);
    flow.until(&mut peer, |flow| !flow.last.is_null());
    data(&mut peer, b"cde", true);
    flow.until(&mut peer, |flow| flow.taken == 5);
}

#[test]
fn a_handler_that_fails_gives_the_body_up() {
    for (panics, why) in [(false, "broken"), (true, "panicked: broken")] {
        let mut peer = peer_of(move |stream| {
            stream.piece();
            if panics {
                panic!("broken");
            }
            Err("broken".into())
        });
        let mut flow = Flow::default();
        data(&mut peer, b"ab", false);
        flow.until(&mut peer, |flow| !flow.last.is_null());
        assert_eq!(flow.last, json!({"x": 1, "error": why}));
        data(&mut peer, b"ab", true);
        peer.ask("ping", json!({}));
    }
}

#[test]
fn done_ends_a_stream_that_waits() {
    for piece in [&b""[..], b"a"] {
        let (told, tells) = channel();
        let told = Mutex::new(told);
        let mut peer = peer_of(move |stream| {
            let end = (|| {
                for piece in stream {
                    stream.write(&piece?.repeat(1000))?;
                }
                Ok(End::Here)
            })();
            told.lock().unwrap().send(end.is_err())?;
            end
        });
        data(&mut peer, piece, false);
        if !piece.is_empty() {
            Flow::default().until(&mut peer, |flow| flow.out.len() == WINDOW);
        }
        peer.notify("done", json!({"x": 1}), b"");
        assert!(tells.recv().unwrap());
        assert_eq!(peer.ask("ping", json!({}))["result"], json!({}));
    }
}
