//! One direction of an exchange, as it passes through a plugin.

use std::cell::Cell;
use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::error::Result;
use crate::exchange::Kept;
use crate::host::Host;
use crate::link::Link;
use crate::pool::locked;
use crate::protocol::{Field, OutParams, TakenParams};

/// Longer output is cut, so that one stream's does not hold up the others'.
const PIECE_BYTES: usize = 65536;

/// How a plugin leaves a body.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// It ends here, with the message's own trailers.
    Here,
    /// It ends here, with these trailers.
    With(Vec<Field>),
    /// The rest goes on unchanged. The piece in hand is part of it, unless something was written since it came.
    Pass,
}

/// The exchange or the host is gone: nobody wants the body any more. Let it pass with `?`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone;

impl fmt::Display for Gone {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the exchange is gone")
    }
}

impl Error for Gone {}

#[derive(Clone, Copy, PartialEq)]
enum Over {
    End,
    Rest,
}

struct State {
    pieces: VecDeque<Vec<u8>>,
    ended: bool,
    gone: bool,
    trailers: Vec<Field>,
    /// Bytes that may still be written.
    credit: usize,
    /// None while the plugin works on it.
    over: Option<Over>,
}

/// What the reader and the author's thread share of a stream.
pub(crate) struct Core {
    link: Arc<Link>,
    x: u64,
    out: &'static str,
    taken: &'static str,
    window: usize,
    state: Mutex<State>,
    change: Condvar,
}

impl Core {
    pub fn new(link: Arc<Link>, x: u64, is_request: bool, window: usize) -> Self {
        let (out, taken) = if is_request { ("requestOut", "requestTaken") } else { ("responseOut", "responseTaken") };
        let state =
            State { pieces: VecDeque::new(), ended: false, gone: false, trailers: Vec::new(), credit: window, over: None };
        Self { link, x, out, taken, window, state: Mutex::new(state), change: Condvar::new() }
    }

    /// On the reader's thread, as the next two.
    pub fn feed(&self, piece: Vec<u8>, end: bool, trailers: Vec<Field>) {
        let mut state = locked(&self.state);
        match state.over {
            None => {
                if !piece.is_empty() {
                    state.pieces.push_back(piece);
                }
                if end {
                    state.ended = true;
                    state.trailers = trailers;
                }
                self.change.notify_all();
            }
            Some(Over::End) if !piece.is_empty() => {
                drop(state);
                let _ = self.link.notify(self.taken, &TakenParams { x: self.x, bytes: piece.len() as u64 }, &[], false);
            }
            Some(_) => {}
        }
    }

    pub fn add_credit(&self, bytes: usize) {
        locked(&self.state).credit += bytes;
        self.change.notify_all();
    }

    pub fn leave(&self) {
        let mut state = locked(&self.state);
        state.gone = true;
        state.pieces.clear();
        self.change.notify_all();
    }

    fn wait_while(&self, waits: impl FnMut(&mut State) -> bool) -> std::result::Result<MutexGuard<'_, State>, Gone> {
        let mut waits = waits;
        let state = locked(&self.state);
        let state = self.change.wait_while(state, |state| !state.gone && waits(state));
        let state = state.unwrap_or_else(PoisonError::into_inner);
        if state.gone {
            Err(Gone)
        } else {
            Ok(state)
        }
    }

    /// Bytes that had come and were not asked for.
    fn close(&self, over: Over) -> std::result::Result<usize, Gone> {
        let mut state = locked(&self.state);
        if state.gone {
            return Err(Gone);
        }
        state.over = Some(over);
        Ok(std::mem::take(&mut state.pieces).iter().map(Vec::len).sum())
    }
}

/// Iterate over `&Stream` for the pieces of a body, and write what goes on in their place.
///
/// Credit is given back when the next piece is asked for, and writes wait for the host's: memory stays within the window.
pub struct Stream<S> {
    core: Arc<Core>,
    settings: Arc<S>,
    host: Host,
    kept: Arc<Kept>,
    /// Length of the piece in hand.
    held: Cell<usize>,
    /// Bytes that were dealt with and not acknowledged yet.
    untold: Cell<usize>,
    /// Whether something was written since the piece in hand came.
    wrote: Cell<bool>,
}

impl<S> Stream<S> {
    pub(crate) fn new(core: Arc<Core>, settings: Arc<S>, host: Host, kept: Arc<Kept>) -> Self {
        let (held, untold, wrote) = (Cell::new(0), Cell::new(0), Cell::new(false));
        Self { core, settings, host, kept, held, untold, wrote }
    }

    /// The exchange's number, the same in all of its phases.
    pub fn x(&self) -> u64 {
        self.core.x
    }

    /// The config of this use.
    pub fn settings(&self) -> &S {
        &self.settings
    }

    pub fn host(&self) -> &Host {
        &self.host
    }

    /// What phases of this exchange keep for each other.
    pub fn kept(&self) -> &Kept {
        &self.kept
    }

    /// Those of the message; complete when there are no more pieces.
    pub fn trailers(&self) -> Vec<Field> {
        locked(&self.core.state).trailers.clone()
    }

    /// The next piece; None at the body's end. Waits.
    pub fn piece(&self) -> Option<std::result::Result<Vec<u8>, Gone>> {
        self.untold.set(self.untold.get() + self.held.replace(0));
        self.wrote.set(false);
        let core = &self.core;
        if self.untold.get() > 0 && (self.untold.get() >= core.window / 4 || locked(&core.state).pieces.is_empty()) {
            self.tell();
        }
        match core.wait_while(|state| state.pieces.is_empty() && !state.ended) {
            Err(gone) => Some(Err(gone)),
            Ok(mut state) => {
                let piece = state.pieces.pop_front()?;
                self.held.set(piece.len());
                Some(Ok(piece))
            }
        }
    }

    /// Goes on to the receiver. Waits for the host's credit.
    pub fn write(&self, bytes: &[u8]) -> Result<()> {
        self.wrote.set(true);
        let longest = PIECE_BYTES.min(self.core.link.piece_bytes());
        let mut rest = bytes;
        while !rest.is_empty() {
            let length = {
                let mut state = self.core.wait_while(|state| state.credit == 0)?;
                let length = state.credit.min(rest.len()).min(longest);
                state.credit -= length;
                length
            };
            self.core.link.notify(self.core.out, &OutParams { x: self.core.x, ..OutParams::default() }, &rest[..length], true)?;
            rest = &rest[length..];
        }
        Ok(())
    }

    /// What the handler returned.
    pub(crate) fn finish(&self, end: Result<End>) {
        let mut last = OutParams { x: self.core.x, ..OutParams::default() };
        let closed = match end {
            Ok(End::Pass) => {
                last.pass = Some(true);
                self.core.close(Over::Rest).map(|_| if self.wrote.get() { self.held.get() } else { 0 })
            }
            Ok(end) => {
                last.end = Some(true);
                if let End::With(trailers) = end {
                    last.trailers = Some(trailers);
                }
                self.core.close(Over::End).map(|left| left + self.held.get())
            }
            Err(fault) if fault.is::<Gone>() => return,
            Err(fault) => {
                last.error = Some(fault.to_string());
                self.core.close(Over::Rest).map(|_| 0)
            }
        };
        let Ok(more) = closed else { return };
        self.untold.set(self.untold.get() + more);
        if last.error.is_none() && self.untold.get() > 0 {
            self.tell();
        }
        if let Err(fault) = self.core.link.notify(self.core.out, &last, &[], true) {
            eprintln!("{fault}");
        }
    }

    fn tell(&self) {
        let taken = TakenParams { x: self.core.x, bytes: self.untold.replace(0) as u64 };
        let _ = self.core.link.notify(self.core.taken, &taken, &[], true);
    }
}

impl<S> Iterator for &Stream<S> {
    type Item = std::result::Result<Vec<u8>, Gone>;

    fn next(&mut self) -> Option<Self::Item> {
        self.piece()
    }
}
