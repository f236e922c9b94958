//! What a handler answers.

use serde_json::Value;

use crate::base64;
use crate::protocol::{self, CacheHint, Redirect, Respond};

/// Nothing said changes nothing.
#[derive(Debug, Clone, Default)]
pub struct Action {
    /// All of it but a body.
    pub message: protocol::Action,
    body: Option<Vec<u8>>,
}

impl Action {
    pub fn new() -> Self {
        Self::default()
    }

    /// The plugin answers. `status` is 200 to 599.
    pub fn respond(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let mut action = Self::new();
        action.message.respond = Some(Respond { status: status.into(), ..Respond::default() });
        action.body = Some(body.into()).filter(|body| !body.is_empty());
        action
    }

    /// A field of the answer that `respond` began.
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let respond = self.message.respond.get_or_insert_with(|| Respond { status: 200, ..Respond::default() });
        respond.fields.get_or_insert_with(Vec::new).push((name.into(), value.into()));
        self
    }

    /// `status` is one of 301, 302, 303, 307 and 308.
    pub fn redirect(location: impl Into<String>, status: u16) -> Self {
        let mut action = Self::new();
        action.message.redirect = Some(Redirect { location: location.into(), status: Some(status.into()) });
        action
    }

    pub fn reset() -> Self {
        let mut action = Self::new();
        action.message.reset = Some(true);
        action
    }

    /// Replaces all fields of the name.
    pub fn set(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.change(vec!["set".into(), name.into(), value.into()])
    }

    pub fn add(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.change(vec!["add".into(), name.into(), value.into()])
    }

    pub fn remove(self, name: impl Into<String>) -> Self {
        self.change(vec!["remove".into(), name.into()])
    }

    fn change(mut self, change: Vec<String>) -> Self {
        self.message.fields.get_or_insert_with(Vec::new).push(change);
        self
    }

    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.message.method = Some(method.into());
        self
    }

    /// With the query. The route stays as it was.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.message.path = Some(path.into());
        self
    }

    /// Only where it is granted.
    pub fn authority(mut self, authority: impl Into<String>) -> Self {
        self.message.authority = Some(authority.into());
        self
    }

    pub fn scheme(mut self, scheme: impl Into<String>) -> Self {
        self.message.scheme = Some(scheme.into());
        self
    }

    /// Of the reply: 200 to 599.
    pub fn status(mut self, status: u16) -> Self {
        self.message.status = Some(status.into());
        self
    }

    /// In place of a buffered body, or where there was none.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// What others and the access log may see under the name; replaces what was there. `value` is a JSON object.
    pub fn metadata(mut self, namespace: impl Into<String>, value: Value) -> Self {
        if let Value::Object(members) = value {
            let all = self.message.metadata.get_or_insert_with(Default::default);
            all.insert(namespace.into(), members.into_iter().collect());
        }
        self
    }

    /// The request's timeout, which only gets shorter.
    pub fn timeout_ms(mut self, timeout: u64) -> Self {
        self.message.timeout_ms = Some(timeout);
        self
    }

    /// Goes to this cluster, where it is granted.
    pub fn cluster(mut self, cluster: impl Into<String>) -> Self {
        self.message.cluster = Some(cluster.into());
        self
    }

    /// Goes to this host of the cluster, where it can be picked.
    pub fn host(mut self, address: impl Into<String>) -> Self {
        self.message.host = Some(address.into());
        self
    }

    /// The body phase of this direction is left out for this exchange.
    pub fn skip_body(mut self) -> Self {
        self.message.body = Some("none".into());
        self
    }

    /// The same answer holds for every request whose named parts are the same: `method`, `scheme`, `authority`, `path`,
    /// `field:NAME`, `attribute:NAME`.
    pub fn cache<T: Into<String>>(mut self, key: impl IntoIterator<Item = T>, ttl_ms: u64) -> Self {
        self.message.cache = Some(CacheHint { key: key.into_iter().map(Into::into).collect(), ttl_ms });
        self
    }

    /// The message, and the frame that goes with it.
    pub(crate) fn sent(mut self, binary: bool) -> (protocol::Action, Option<Vec<u8>>) {
        let Some(body) = self.body.take() else { return (self.message, None) };
        if binary && !body.is_empty() {
            return (self.message, Some(body));
        }
        let (text, encoded) = match String::from_utf8(body) {
            Ok(text) => (Some(text), None),
            Err(fault) => (None, Some(base64::encode(fault.as_bytes()))),
        };
        match &mut self.message.respond {
            Some(respond) => (respond.text, respond.base64) = (text, encoded),
            None => (self.message.text, self.message.base64) = (text, encoded),
        }
        (self.message, None)
    }
}

impl From<protocol::Action> for Action {
    fn from(message: protocol::Action) -> Self {
        Self { message, body: None }
    }
}
