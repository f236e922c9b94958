//! One call of the host, as a handler sees it.

use std::ops::Deref;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::exchange::Kept;
use crate::host::Host;
use crate::pool::locked;
use crate::protocol::{Attributes, BodyParams, ChooseUpstreamParams, Field, RequestHeadParams, ResponseHeadParams};

/// What a handler is called with. It is the params that the host sent, and what belongs to the call beside them.
pub struct Call<S, P> {
    pub(crate) params: P,
    pub(crate) settings: Arc<S>,
    pub(crate) host: Host,
    pub(crate) body: Vec<u8>,
    pub(crate) kept: Arc<Kept>,
    pub(crate) cancel: Arc<Cancel>,
    pub(crate) until: Instant,
}

pub type RequestHead<S> = Call<S, RequestHeadParams>;
pub type ResponseHead<S> = Call<S, ResponseHeadParams>;
/// A buffered body.
pub type Body<S> = Call<S, BodyParams>;
/// A host is to be chosen.
pub type Choice<S> = Call<S, ChooseUpstreamParams>;

impl<S, P> Deref for Call<S, P> {
    type Target = P;

    fn deref(&self) -> &P {
        &self.params
    }
}

impl<S, P> Call<S, P> {
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

    /// Until the host stops waiting; zero afterwards.
    pub fn remaining(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// Whether nobody waits for the answer any more.
    pub fn is_cancelled(&self) -> bool {
        *locked(&self.cancel.over)
    }

    /// Waits until nobody waits for the answer any more, or for `most`. Whether that has come.
    pub fn wait_cancelled(&self, most: Duration) -> bool {
        let over = locked(&self.cancel.over);
        let waited = self.cancel.change.wait_timeout_while(over, most, |over| !*over);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl<S> RequestHead<S> {
    /// The first value of a field that the phase asks for. `name` is in lower case.
    pub fn field(&self, name: &str) -> Option<&str> {
        first(self.params.request.fields.as_deref(), name)
    }

    pub fn attribute(&self, name: &str) -> Option<&Value> {
        fact(self.params.attributes.as_ref(), name)
    }
}

impl<S> ResponseHead<S> {
    /// The first value of a field that the phase asks for. `name` is in lower case.
    pub fn field(&self, name: &str) -> Option<&str> {
        first(self.params.response.fields.as_deref(), name)
    }

    pub fn attribute(&self, name: &str) -> Option<&Value> {
        fact(self.params.attributes.as_ref(), name)
    }
}

impl<S> Choice<S> {
    pub fn attribute(&self, name: &str) -> Option<&Value> {
        fact(self.params.attributes.as_ref(), name)
    }
}

impl<S> Body<S> {
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }
}

fn first<'a>(fields: Option<&'a [Field]>, name: &str) -> Option<&'a str> {
    fields?.iter().find(|field| field.0 == name).map(|field| field.1.as_str())
}

fn fact<'a>(attributes: Option<&'a Attributes>, name: &str) -> Option<&'a Value> {
    attributes?.get(name)
}

/// Whether a call is still waited for.
#[derive(Default)]
pub struct Cancel {
    over: Mutex<bool>,
    change: Condvar,
}

impl Cancel {
    pub fn cancel(&self) {
        *locked(&self.over) = true;
        self.change.notify_all();
    }

    pub fn is_over(&self) -> bool {
        *locked(&self.over)
    }
}
