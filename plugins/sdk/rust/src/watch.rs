//! A cluster whose endpoints the plugin tells.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::error::Result;
use crate::host::Host;
use crate::link::Link;
use crate::pool::locked;
use crate::protocol::{Endpoint, EndpointsParams, WatchEndpointsParams};

#[derive(Default)]
pub(crate) struct Left {
    left: Mutex<bool>,
    change: Condvar,
}

impl Left {
    pub fn leave(&self) {
        *locked(&self.left) = true;
        self.change.notify_all();
    }
}

/// Send the whole list whenever it changes. The handler runs on a thread of its own, as long as it likes.
pub struct Watch {
    pub(crate) link: Arc<Link>,
    pub(crate) host: Host,
    pub(crate) params: WatchEndpointsParams,
    pub(crate) left: Arc<Left>,
}

impl Watch {
    pub fn cluster(&self) -> &str {
        &self.params.cluster
    }

    /// What the cluster's config has for the plugin; null: nothing.
    pub fn config(&self) -> &Value {
        self.params.config.as_ref().unwrap_or(&Value::Null)
    }

    pub fn host(&self) -> &Host {
        &self.host
    }

    /// All endpoints.
    pub fn send(&self, endpoints: Vec<Endpoint>) -> Result<()> {
        if !*locked(&self.left.left) {
            self.link.notify("endpoints", &EndpointsParams { watch: self.params.watch, endpoints }, &[], true)?;
        }
        Ok(())
    }

    /// Waits; false as soon as the endpoints are not wanted any more.
    pub fn wait(&self, most: Duration) -> bool {
        let left = locked(&self.left.left);
        let waited = self.left.change.wait_timeout_while(left, most, |left| !*left);
        !*waited.unwrap_or_else(PoisonError::into_inner).0
    }
}
