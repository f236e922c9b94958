//! Messages out of bytes.

use std::borrow::Cow;
use std::io::{ErrorKind, Read};
use std::thread;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::base64;
use crate::protocol::ErrorObject;

const READ_BYTES: usize = 65536;

/// A line, as far as it is the same for all methods.
#[derive(Deserialize)]
pub struct Message<'a> {
    #[serde(default, borrow)]
    pub id: Option<&'a RawValue>,
    #[serde(default, borrow)]
    pub method: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    pub params: Option<&'a RawValue>,
    #[serde(default, borrow)]
    pub result: Option<&'a RawValue>,
    #[serde(default)]
    pub error: Option<ErrorObject>,
    #[serde(default)]
    bytes: Option<u64>,
}

/// The host sent what is no message.
#[derive(Debug)]
pub struct Fault(pub String);

pub struct Reader {
    input: Box<dyn Read>,
    buffer: Vec<u8>,
    /// Where what was not read yet begins.
    at: usize,
    /// Up to here there is no line end.
    searched: usize,
    pub message_bytes: usize,
}

impl Reader {
    pub fn new(input: Box<dyn Read>, message_bytes: usize) -> Self {
        Self { input, buffer: Vec::with_capacity(READ_BYTES), at: 0, searched: 0, message_bytes }
    }

    /// Gives `take` the next message and its frame. `before_wait` is called when all that has come was read.
    /// None at the end of the input.
    pub fn next<T>(
        &mut self,
        mut before_wait: impl FnMut(),
        take: impl FnOnce(Message<'_>, Option<&[u8]>) -> T,
    ) -> Result<Option<T>, Fault> {
        loop {
            let Some(found) = self.buffer[self.searched..].iter().position(|b| *b == b'\n') else {
                if self.buffer.len() - self.at >= self.message_bytes {
                    let most = self.message_bytes;
                    return Err(Fault(format!("expected a line of at most {most} bytes from the host: found a longer one")));
                }
                self.searched = self.buffer.len();
                before_wait();
                if !self.fill() {
                    return Ok(None);
                }
                continue;
            };
            let (begin, end) = (self.at, self.searched + found);
            self.at = end + 1;
            self.searched = self.at;
            let mut line = begin..end;
            if line.end > line.start && self.buffer[line.end - 1] == b'\r' {
                line.end -= 1;
            }
            if line.is_empty() {
                continue;
            }
            let message = parse(&self.buffer[line.clone()])?;
            let length = match message.bytes {
                None => return Ok(Some(take(message, None))),
                Some(length) if length >= 1 && length <= self.message_bytes as u64 => length as usize,
                Some(length) => {
                    let most = self.message_bytes;
                    return Err(Fault(format!("expected 1 to {most} for bytes from the host: found {length}")));
                }
            };
            // The line is kept, for the buffer moves while the frame comes.
            let line = self.buffer[line].to_vec();
            while self.buffer.len() - self.at < length {
                before_wait();
                if !self.fill() {
                    return Ok(None);
                }
            }
            let frame = self.at..self.at + length;
            self.at = frame.end;
            self.searched = self.at;
            return Ok(Some(take(parse(&line)?, Some(&self.buffer[frame]))));
        }
    }

    fn fill(&mut self) -> bool {
        if self.at > 0 {
            self.buffer.drain(..self.at);
            self.searched -= self.at;
            self.at = 0;
        }
        let filled = self.buffer.len();
        self.buffer.resize(filled + READ_BYTES, 0);
        loop {
            match self.input.read(&mut self.buffer[filled..]) {
                Ok(read) => {
                    self.buffer.truncate(filled + read);
                    return read > 0;
                }
                Err(fault) if fault.kind() == ErrorKind::Interrupted => {}
                Err(fault) if fault.kind() == ErrorKind::WouldBlock => thread::sleep(Duration::from_millis(1)),
                Err(_) => {
                    self.buffer.truncate(filled);
                    return false;
                }
            }
        }
    }
}

fn parse(line: &[u8]) -> Result<Message<'_>, Fault> {
    let Ok(message) = serde_json::from_slice::<Message<'_>>(line) else {
        return Err(Fault(format!("expected a message from the host: found {}", quoted(line))));
    };
    if message.id.is_none() && message.method.is_none() && message.error.is_none() {
        return Err(Fault(format!("expected a message from the host: found {}", quoted(line))));
    }
    Ok(message)
}

fn quoted(line: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(&line[..line.len().min(120)]))
}

/// A body in whichever of its three forms it came.
pub fn body_of(text: Option<String>, encoded: Option<String>, frame: Option<&[u8]>) -> Result<Vec<u8>, String> {
    match (frame, text, encoded) {
        (Some(frame), _, _) => Ok(frame.to_vec()),
        (None, Some(text), _) => Ok(text.into_bytes()),
        (None, None, Some(encoded)) => base64::decode(&encoded).ok_or_else(|| "expected base64".into()),
        (None, None, None) => Ok(Vec::new()),
    }
}
