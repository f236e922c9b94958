//! A host of one plugin, for tests: in this process, over two sockets.
#![allow(dead_code)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::thread::{spawn, JoinHandle};

use serde_json::{json, Value};
use weir_plugin::Plugin;

pub const WINDOW: usize = 64;

pub struct Peer {
    down: UnixStream,
    up: BufReader<UnixStream>,
    plugin: Option<JoinHandle<i32>>,
    last: u64,
}

impl Peer {
    pub fn new<S: Send + Sync + 'static>(plugin: Plugin<S>, changes: Value) -> Self {
        let (down, input) = UnixStream::pair().unwrap();
        let (output, up) = UnixStream::pair().unwrap();
        let plugin = Some(spawn(move || plugin.serve(Box::new(input), Box::new(output))));
        let mut peer = Self { down, up: BufReader::new(up), plugin, last: 0 };
        let mut params = json!({
            "protocol": {"min": 1, "max": 1},
            "host": {"name": "test", "version": "1"},
            "plugin": "p",
            "capabilities": {"binary": true, "calls": ["log", "count", "kv.get"]},
            "limits": {"messageBytes": 65536, "streamWindow": WINDOW, "concurrency": 8},
            "config": null,
        });
        for (name, value) in changes.as_object().unwrap() {
            params[name] = value.clone();
        }
        let answer = peer.ask("initialize", params);
        assert!(answer.get("result").is_some(), "{answer}");
        peer.notify("initialized", json!({}), b"");
        peer
    }

    pub fn raw(&mut self, bytes: &[u8]) {
        self.down.write_all(bytes).unwrap();
    }

    pub fn send(&mut self, mut message: Value, frame: &[u8]) {
        message["jsonrpc"] = json!("2.0");
        if !frame.is_empty() {
            message["bytes"] = json!(frame.len());
        }
        let mut line = message.to_string().into_bytes();
        line.push(b'\n');
        line.extend_from_slice(frame);
        self.raw(&line);
    }

    pub fn call(&mut self, method: &str, params: Value, frame: &[u8]) -> u64 {
        self.last += 1;
        self.send(json!({"id": self.last, "method": method, "params": params}), frame);
        self.last
    }

    pub fn notify(&mut self, method: &str, params: Value, frame: &[u8]) {
        self.send(json!({"method": method, "params": params}), frame);
    }

    /// The answer to a request: nothing else may come before it.
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.call(method, params, b"");
        let answer = self.next().0;
        assert_eq!(answer["id"], json!(id), "{answer}");
        answer
    }

    /// The next message and its frame; null at the end.
    pub fn next(&mut self) -> (Value, Vec<u8>) {
        let mut line = String::new();
        if self.up.read_line(&mut line).unwrap() == 0 {
            return (Value::Null, Vec::new());
        }
        let message: Value = serde_json::from_str(&line).unwrap();
        let mut frame = vec![0; message["bytes"].as_u64().unwrap_or(0) as usize];
        self.up.read_exact(&mut frame).unwrap();
        (message, frame)
    }

    /// Ends the plugin's input. Its exit code.
    pub fn close(mut self) -> i32 {
        self.down.shutdown(Shutdown::Write).unwrap();
        self.plugin.take().unwrap().join().unwrap()
    }
}

pub fn head(path: &str) -> Value {
    let request = json!({"method": "GET", "scheme": "http", "authority": "a.example", "path": path, "fields": [["a", "1"]]});
    json!({"x": 1, "config": 0, "deadlineMs": 1000, "request": request, "end": true})
}
