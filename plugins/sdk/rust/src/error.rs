//! What goes wrong between a plugin and its host.

use std::error::Error;
use std::fmt;

/// What handlers return: any error fails the call, with its text as message.
pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Codes of errors.
pub mod code {
    pub const METHOD_NOT_FOUND: i64 = -32601;
    pub const INVALID_PARAMS: i64 = -32602;
    pub const PLUGIN_FAILED: i64 = -32603;
    pub const NOT_GRANTED: i64 = -32001;
    pub const TOO_LARGE: i64 = -32002;
    pub const HOST_CALL_FAILED: i64 = -32003;
}

/// An error with a code of its own; every other one has `code::PLUGIN_FAILED`.
#[derive(Debug, Clone)]
pub struct PluginError {
    pub code: i64,
    pub message: String,
}

impl PluginError {
    pub fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl fmt::Display for PluginError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl Error for PluginError {}

/// A host call was answered with an error.
#[derive(Debug, Clone)]
pub struct HostError {
    pub code: i64,
    pub message: String,
}

impl HostError {
    pub(crate) fn gone() -> Self {
        Self { code: code::HOST_CALL_FAILED, message: "the host is gone".into() }
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ({})", self.message, self.code)
    }
}

impl Error for HostError {}
