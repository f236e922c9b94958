//! What handlers' threads and the reader share.

use std::any::Any;
use std::collections::HashMap;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::call::Cancel;
use crate::error::{code, PluginError, Result};
use crate::exchange::Kept;
use crate::host::Host;
use crate::link::Link;
use crate::plugin::{Handlers, StreamHandler};
use crate::pool::locked;
use crate::protocol::PluginDescription;
use crate::stream::{Core, Stream};

pub struct Shared<S> {
    pub description: PluginDescription,
    pub handlers: Handlers<S>,
    pub link: Arc<Link>,
    pub host: Host,
    /// None: nothing was told at the start, which is a fault only when a call needs it.
    pub settings: Mutex<HashMap<u64, Option<Arc<S>>>>,
    pub open: Mutex<HashMap<u64, Arc<Cancel>>>,
}

impl<S> Shared<S> {
    pub fn settings_of(&self, number: u64) -> Result<Arc<S>> {
        match locked(&self.settings).get(&number) {
            Some(Some(settings)) => return Ok(settings.clone()),
            Some(None) => {}
            None => return Err(PluginError::new(code::INVALID_PARAMS, format!("config {number} was not told")).into()),
        }
        let settings = Arc::new((self.handlers.read_config)(Value::Null)?);
        locked(&self.settings).insert(number, Some(settings.clone()));
        Ok(settings)
    }

    pub fn fail(&self, id: &str, fault: &(dyn std::error::Error + 'static), flush: bool) {
        let code = fault.downcast_ref::<PluginError>().map_or(code::PLUGIN_FAILED, |fault| fault.code);
        self.link.fail(id, code, &fault.to_string(), flush);
    }
}

/// Runs an author's handler of a streamed body to its end.
pub fn work<S>(shared: &Shared<S>, handler: &Arc<StreamHandler<S>>, core: Arc<Core>, config: u64, kept: Arc<Kept>) {
    let settings = match shared.settings_of(config) {
        Ok(settings) => settings,
        Err(fault) => return Stream::new(core, Arc::new(()), shared.host.clone(), kept).finish(Err(fault)),
    };
    let stream = Stream::new(core, settings, shared.host.clone(), kept);
    let end = caught(|| handler(&stream));
    stream.finish(end);
}

/// A panic becomes an error; its message and place have gone to standard error.
pub fn caught<R>(run: impl FnOnce() -> Result<R>) -> Result<R> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| Err(format!("panicked: {}", said(&*panic)).into()))
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message")
}
