//! Plugins for Weir. Start with the README beside this crate; docs/plugin-protocol.md tells what goes over the wire.

#![deny(unsafe_code)]

mod action;
mod base64;
mod call;
mod error;
mod exchange;
mod host;
mod link;
mod needs;
mod plugin;
mod pool;
#[rustfmt::skip]
pub mod protocol;
mod reader;
mod session;
mod shared;
mod stdio;
mod stream;
mod watch;

pub use action::Action;
pub use call::{Body, Call, Choice, RequestHead, ResponseHead};
pub use error::{code, HostError, PluginError, Result};
pub use exchange::Kept;
pub use host::{Host, HttpRequest, Level, Reply};
pub use needs::Needs;
pub use plugin::Plugin;
pub use stream::{End, Gone, Stream};
pub use watch::Watch;
