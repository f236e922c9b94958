//! Messages into bytes.

use std::io::{ErrorKind, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde::Serialize;

use crate::base64;
use crate::error::{code, PluginError};

pub const MESSAGE_BYTES: usize = 4_194_304;
const FLUSH_BYTES: usize = 65536;
/// Bytes behind which a handler that writes more has to wait.
const MOST_WAITING: usize = 1_048_576;
const LAST: Duration = Duration::from_secs(2);

struct Output {
    /// None: a thread writes.
    to: Option<Box<dyn Write + Send>>,
    waiting: Vec<u8>,
    open: bool,
}

/// The way to the host. Every thread may write; what is put first goes first.
///
/// One thread at a time writes out what all have put, without holding the lock: a host that does not read holds up that thread
/// and those that write much, and the reader's only when it is the one.
pub struct Link {
    output: Mutex<Output>,
    change: Condvar,
    binary: AtomicBool,
    message_bytes: AtomicUsize,
}

#[derive(Serialize)]
struct Failure<'a> {
    code: i64,
    message: &'a str,
}

#[derive(Serialize)]
struct WithBody<'a, P> {
    #[serde(flatten)]
    params: &'a P,
    base64: String,
}

impl Link {
    pub fn new(to: Box<dyn Write + Send>) -> Self {
        let output = Output { to: Some(to), waiting: Vec::with_capacity(FLUSH_BYTES), open: true };
        Self {
            output: Mutex::new(output),
            change: Condvar::new(),
            binary: AtomicBool::new(false),
            message_bytes: AtomicUsize::new(MESSAGE_BYTES),
        }
    }

    pub fn agree(&self, binary: bool, message_bytes: usize) {
        self.binary.store(binary, Ordering::Relaxed);
        self.message_bytes.store(message_bytes, Ordering::Relaxed);
    }

    pub fn binary(&self) -> bool {
        self.binary.load(Ordering::Relaxed)
    }

    /// The longest body that fits into one message, whichever form it takes.
    pub fn piece_bytes(&self) -> usize {
        let most = self.message_bytes.load(Ordering::Relaxed);
        if self.binary() {
            most
        } else {
            (most.saturating_sub(1024) / 4 * 3).max(1)
        }
    }

    /// Nothing of the result was sent where this is an error.
    pub fn answer(&self, id: &str, result: &impl Serialize, frame: Option<&[u8]>, flush: bool) -> Result<(), PluginError> {
        let mut line = Vec::with_capacity(256);
        line.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
        line.extend_from_slice(id.as_bytes());
        line.extend_from_slice(br#","result":"#);
        append(&mut line, result)?;
        self.put(line, frame, flush)
    }

    pub fn fail(&self, id: &str, code: i64, message: &str, flush: bool) {
        let message: String = message.chars().take(2048).collect();
        let mut line = format!(r#"{{"jsonrpc":"2.0","id":{id},"error":"#).into_bytes();
        if append(&mut line, &Failure { code, message: &message }).is_ok() {
            let _ = self.put(line, None, flush);
        }
    }

    pub fn notify(&self, method: &str, params: &impl Serialize, body: &[u8], flush: bool) -> Result<(), PluginError> {
        self.send(format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":"#), params, body, flush)
    }

    pub fn request(&self, id: u64, method: &str, params: &impl Serialize, body: &[u8]) -> Result<(), PluginError> {
        self.send(format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":"#), params, body, true)
    }

    /// What was put without flushing goes out.
    pub fn flush(&self) {
        self.write_out(self.output());
    }

    /// What was put is written out, by whichever thread, unless the host does not read.
    pub fn drain(&self) {
        self.flush();
        drop(self.change.wait_timeout_while(self.output(), LAST, |output| output.to.is_none()));
    }

    fn send(&self, head: String, params: &impl Serialize, body: &[u8], flush: bool) -> Result<(), PluginError> {
        let mut line = head.into_bytes();
        if body.is_empty() || self.binary() {
            append(&mut line, params)?;
            return self.put(line, if body.is_empty() { None } else { Some(body) }, flush);
        }
        append(&mut line, &WithBody { params, base64: base64::encode(body) })?;
        self.put(line, None, flush)
    }

    /// Ends the line and writes it.
    fn put(&self, mut line: Vec<u8>, frame: Option<&[u8]>, flush: bool) -> Result<(), PluginError> {
        if let Some(frame) = frame {
            line.extend_from_slice(format!(r#","bytes":{}"#, frame.len()).as_bytes());
        }
        line.extend_from_slice(b"}\n");
        let most = self.message_bytes.load(Ordering::Relaxed);
        let longest = line.len().max(frame.map_or(0, <[u8]>::len));
        if longest > most {
            return Err(PluginError::new(code::TOO_LARGE, format!("send at most {most} bytes in a message: found {longest}")));
        }
        let mut output = self.output();
        while flush && output.to.is_none() && output.waiting.len() > MOST_WAITING {
            output = self.change.wait(output).unwrap_or_else(PoisonError::into_inner);
        }
        output.waiting.extend_from_slice(&line);
        if let Some(frame) = frame {
            output.waiting.extend_from_slice(frame);
        }
        if flush || output.waiting.len() >= FLUSH_BYTES {
            self.write_out(output);
        }
        Ok(())
    }

    fn write_out<'a>(&'a self, mut output: MutexGuard<'a, Output>) {
        if output.waiting.is_empty() {
            return;
        }
        let Some(mut to) = output.to.take() else { return };
        while !output.waiting.is_empty() {
            let mut data = std::mem::take(&mut output.waiting);
            // A host that is gone is seen at the end of the input as well; what was to be written is of no use to anybody.
            if output.open {
                drop(output);
                let is_open = write_all(&mut *to, &data);
                output = self.output();
                output.open = is_open;
            }
            if output.waiting.is_empty() {
                data.clear();
                output.waiting = data;
            }
            self.change.notify_all();
        }
        output.to = Some(to);
        self.change.notify_all();
    }

    fn output(&self) -> MutexGuard<'_, Output> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether there is still somebody who reads.
fn write_all(to: &mut dyn Write, data: &[u8]) -> bool {
    let mut rest = data;
    while !rest.is_empty() {
        match to.write(rest) {
            Ok(0) => return false,
            Ok(written) => rest = &rest[written..],
            Err(fault) if fault.kind() == ErrorKind::Interrupted => {}
            Err(fault) if fault.kind() == ErrorKind::WouldBlock => thread::sleep(Duration::from_millis(1)),
            Err(_) => return false,
        }
    }
    true
}

fn append(line: &mut Vec<u8>, value: &impl Serialize) -> Result<(), PluginError> {
    serde_json::to_writer(line, value).map_err(|fault| PluginError::new(code::PLUGIN_FAILED, fault.to_string()))
}
