//! What a plugin may ask of its host.

use std::collections::{BTreeMap, HashMap};
use std::sync::mpsc::{sync_channel, SyncSender};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::{self, ThreadId};

use serde::de::DeserializeOwned;
use serde::Serialize;
use serde_json::Value;

use crate::error::{code, HostError};
use crate::link::Link;
use crate::pool::locked;
use crate::protocol::{
    CountParams, ErrorObject, Field, HttpParams, HttpResult, InitializeParams, KvAddParams, KvAddResult, KvDeleteParams,
    KvDeleteResult, KvGetParams, KvSetParams, LogLineParams,
};
use crate::reader::body_of;

pub use crate::protocol::LogLineParamsLevel as Level;

/// What came as an answer: the result as JSON with its frame.
pub(crate) type Answer = Result<(String, Option<Vec<u8>>), ErrorObject>;

struct Inner {
    link: Arc<Link>,
    waiters: Mutex<Waiters>,
    reader: ThreadId,
    initialize: OnceLock<InitializeParams>,
}

#[derive(Default)]
struct Waiters {
    last: u64,
    closed: bool,
    open: HashMap<u64, SyncSender<Answer>>,
}

/// Host calls. Every thread may use them, but quick handlers only those that have no answer: `log` and `count`.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

/// A request through a cluster.
#[derive(Debug, Clone, Default)]
pub struct HttpRequest {
    pub cluster: String,
    /// None: GET.
    pub method: Option<String>,
    pub path: String,
    /// None: that of the endpoint.
    pub authority: Option<String>,
    pub fields: Vec<Field>,
    pub timeout_ms: Option<u64>,
    pub body: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    pub status: u16,
    pub fields: Vec<Field>,
    pub body: Vec<u8>,
}

impl Host {
    /// On the reader's thread.
    pub(crate) fn new(link: Arc<Link>) -> Self {
        let reader = thread::current().id();
        Self(Arc::new(Inner { link, waiters: Mutex::default(), reader, initialize: OnceLock::new() }))
    }

    pub(crate) fn start(&self, params: InitializeParams) {
        let _ = self.0.initialize.set(params);
    }

    /// What the host said at the start: its name, limits, capabilities, the plugin's name in the config.
    pub fn initialize(&self) -> Option<&InitializeParams> {
        self.0.initialize.get()
    }

    /// Whether the config grants a host call.
    pub fn grants(&self, name: &str) -> bool {
        let calls = self.initialize().and_then(|i| i.capabilities.as_ref()).and_then(|c| c.calls.as_ref());
        calls.is_some_and(|calls| calls.iter().any(|call| call == name))
    }

    /// A line of Weir's log. Goes to standard error where it is not granted.
    pub fn log(&self, level: Level, message: &str) {
        self.log_with(level, message, BTreeMap::new());
    }

    /// With facts for programs.
    pub fn log_with(&self, level: Level, message: &str, facts: BTreeMap<String, Value>) {
        if !self.grants("log") {
            eprintln!("{level:?}: {message} {}", serde_json::to_string(&facts).unwrap_or_default());
            return;
        }
        let facts = Some(facts).filter(|facts| !facts.is_empty());
        self.tell("log", &LogLineParams { level, message: message.into(), facts });
    }

    /// Adds to the counter `weir_plugin_NAME_total`. Does nothing where it is not granted.
    pub fn count(&self, name: &str, add: u64, labels: &[(&str, &str)]) {
        if self.grants("count") {
            let labels = labels.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect::<BTreeMap<_, _>>();
            let labels = Some(labels).filter(|labels| !labels.is_empty());
            self.tell("count", &CountParams { name: name.into(), add: Some(add as f64), labels });
        }
    }

    /// A value that all processes of the plugin share; null: none.
    pub fn get(&self, key: &str) -> Result<Value, HostError> {
        let result: BTreeMap<String, Value> = self.asked("kv.get", &KvGetParams { key: key.into() })?;
        Ok(result.get("value").cloned().unwrap_or_default())
    }

    /// Keys have up to 1 KiB, values up to 64 KiB. Without `ttl_ms` it stays while the host runs.
    pub fn set(&self, key: &str, value: Value, ttl_ms: Option<u64>) -> Result<(), HostError> {
        self.ask("kv.set", &KvSetParams { key: key.into(), value, ttl_ms }, &[]).map(|_| ())
    }

    /// Whether there was one.
    pub fn delete(&self, key: &str) -> Result<bool, HostError> {
        self.asked::<KvDeleteResult>("kv.delete", &KvDeleteParams { key: key.into() }).map(|result| result.deleted)
    }

    /// A counter's new value. The time to live begins when it is made.
    pub fn add(&self, key: &str, by: f64, ttl_ms: Option<u64>) -> Result<f64, HostError> {
        self.asked::<KvAddResult>("kv.add", &KvAddParams { key: key.into(), by, ttl_ms }).map(|result| result.value)
    }

    pub fn http(&self, request: HttpRequest) -> Result<Reply, HostError> {
        let params = HttpParams {
            cluster: request.cluster,
            method: request.method,
            path: request.path,
            authority: request.authority,
            fields: Some(request.fields).filter(|fields| !fields.is_empty()),
            timeout_ms: request.timeout_ms,
            text: None,
            base64: None,
        };
        let (result, frame) = self.ask("http", &params, &request.body)?;
        let result: HttpResult = parsed(&result)?;
        let body = body_of(result.text, result.base64, frame.as_deref()).map_err(odd)?;
        Ok(Reply { status: result.status as u16, fields: result.fields.unwrap_or_default(), body })
    }

    fn tell(&self, method: &str, params: &impl Serialize) {
        let flush = thread::current().id() != self.0.reader;
        if let Err(fault) = self.0.link.notify(method, params, &[], flush) {
            eprintln!("{fault}");
        }
    }

    fn asked<T: DeserializeOwned>(&self, method: &str, params: &impl Serialize) -> Result<T, HostError> {
        parsed(&self.ask(method, params, &[])?.0)
    }

    fn ask(&self, method: &str, params: &impl Serialize, body: &[u8]) -> Result<(String, Option<Vec<u8>>), HostError> {
        if thread::current().id() == self.0.reader {
            let message = format!("leave out quick(): found {method} in a quick handler, which can't wait for an answer");
            return Err(HostError { code: code::PLUGIN_FAILED, message });
        }
        let (sender, answer) = sync_channel(1);
        let id = {
            let mut waiters = locked(&self.0.waiters);
            if waiters.closed {
                return Err(HostError::gone());
            }
            waiters.last += 1;
            let id = waiters.last;
            waiters.open.insert(id, sender);
            id
        };
        if let Err(fault) = self.0.link.request(id, method, params, body) {
            locked(&self.0.waiters).open.remove(&id);
            return Err(HostError { code: fault.code, message: fault.message });
        }
        match answer.recv() {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(HostError { code: error.code, message: error.message }),
            Err(_) => Err(HostError::gone()),
        }
    }

    /// An answer has come. On the reader's thread.
    pub(crate) fn settle(&self, id: u64, answer: Answer) {
        let waiter = locked(&self.0.waiters).open.remove(&id);
        if let Some(waiter) = waiter {
            let _ = waiter.try_send(answer);
        }
    }

    /// Nothing will be answered any more.
    pub(crate) fn close(&self) {
        let mut waiters = locked(&self.0.waiters);
        waiters.closed = true;
        waiters.open.clear();
    }
}

fn parsed<T: DeserializeOwned>(result: &str) -> Result<T, HostError> {
    serde_json::from_str(result).map_err(|fault| odd(fault.to_string()))
}

fn odd(fault: String) -> HostError {
    HostError { code: code::HOST_CALL_FAILED, message: format!("expected the call's result from the host: {fault}") }
}
