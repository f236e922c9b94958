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
    /// Up to here the buffer holds what has come.
    filled: usize,
    /// Where what was not read yet begins.
    at: usize,
    /// Up to here there is no line end.
    searched: usize,
    pub message_bytes: usize,
}

impl Reader {
    pub fn new(input: Box<dyn Read>, message_bytes: usize) -> Self {
        Self { input, buffer: vec![0; READ_BYTES], filled: 0, at: 0, searched: 0, message_bytes }
    }

    /// Gives `take` the next message and its frame. `before_wait` is called when all that has come was read.
    /// None at the end of the input.
    pub fn next<T>(
        &mut self,
        mut before_wait: impl FnMut(),
        take: impl FnOnce(Message<'_>, Option<&[u8]>) -> T,
    ) -> Result<Option<T>, Fault> {
        loop {
            let Some(found) = self.buffer[self.searched..self.filled].iter().position(|b| *b == b'\n') else {
                if self.filled - self.at >= self.message_bytes {
                    let most = self.message_bytes;
                    return Err(Fault(format!("expected a line of at most {most} bytes from the host: found a longer one")));
                }
                self.searched = self.filled;
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
            while self.filled - self.at < length {
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
            self.buffer.copy_within(self.at..self.filled, 0);
            self.filled -= self.at;
            self.searched -= self.at;
            self.at = 0;
        }
        if self.buffer.len() - self.filled < READ_BYTES / 2 {
            self.buffer.resize(self.filled + READ_BYTES, 0);
        }
        loop {
            match self.input.read(&mut self.buffer[self.filled..]) {
                Ok(read) => {
                    self.filled += read;
                    return read > 0;
                }
                Err(fault) if fault.kind() == ErrorKind::Interrupted => {}
                Err(fault) if fault.kind() == ErrorKind::WouldBlock => thread::sleep(Duration::from_millis(1)),
                Err(_) => return false,
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    type Told = (String, Option<Vec<u8>>);

    /// Gives what it holds in pieces of a length.
    struct Slowly(Cursor<Vec<u8>>, usize);

    impl Read for Slowly {
        fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
            let most = to.len().min(self.1);
            self.0.read(&mut to[..most])
        }
    }

    fn read(text: &[u8], piece: usize, most: usize) -> Result<Vec<Told>, Fault> {
        let mut reader = Reader::new(Box::new(Slowly(Cursor::new(text.to_vec()), piece)), most);
        let mut all = Vec::new();
        while let Some(one) =
            reader.next(|| {}, |message, frame| (message.method.unwrap_or_default().into_owned(), frame.map(<[u8]>::to_vec)))?
        {
            all.push(one);
        }
        Ok(all)
    }

    #[test]
    fn lines_and_frames_in_pieces_of_any_length() {
        let text = b"{\"method\":\"a\",\"bytes\":4}\n\n{\"\x00\r\n\n{\"method\":\"\\u0062\"}\n{\"method\":\"cut";
        for piece in 1..text.len() {
            let all = read(text, piece, 1000).unwrap();
            assert_eq!(all, [("a".into(), Some(b"\n{\"\x00".to_vec())), ("b".into(), None)]);
        }
    }

    #[test]
    fn long_lines_make_the_buffer_grow() {
        let text = format!("{{\"method\":\"{}\"}}\n", "x".repeat(300_000));
        assert_eq!(read(text.as_bytes(), 70_000, 400_000).unwrap()[0].0.len(), 300_000);
        assert!(read(text.as_bytes(), 70_000, 200_000).unwrap_err().0.contains("at most 200000 bytes"));
    }

    #[test]
    fn what_is_no_message() {
        for text in
            ["hello\n", "[]\n", "{}\n", "{\"method\":1}\n", "\u{feff}{\"method\":\"a\"}\n", "{\"method\":\"a\",\"bytes\":0}\n"]
        {
            assert!(read(text.as_bytes(), 100, 1000).is_err(), "{text}");
        }
    }
}
