//! A plugin of Weir that sends a share of the clients to another cluster, the same clients each time.

mod cookie;
mod hash;
mod settings;

use std::sync::{Arc, Mutex};

use serde_json::{json, Value};
use weir_plugin::protocol::FieldNames;
use weir_plugin::{Action, Needs, Plugin, RequestHead, Result};

use settings::{By, Settings};

/// How long the host may answer for the plugin.
const CACHE_MS: u64 = 60_000;

fn main() {
    // What is sent of a request is agreed before uses tell their configs.
    let asked = Arc::new(Mutex::new(None::<String>));
    let known = asked.clone();
    let read = move |value: Value| -> Result<Settings> {
        let settings = Settings::read(value)?;
        if let By::Header(name) = &settings.by {
            let mut known = known.lock().map_err(|fault| fault.to_string())?;
            if known.get_or_insert_with(|| name.clone()) != name {
                return Err(format!("name the header {name} in the plugin's own config as well").into());
            }
        }
        Ok(settings)
    };
    Plugin::with_config("canary", "1.0", read)
        .config_schema(settings::schema())
        .request_head(Needs::new().fields(["cookie"]).quick(), choose)
        .on_start(move |host, said| {
            let own = host.initialize().and_then(|initialize| initialize.config.as_ref());
            let header = own.and_then(|config| config.get("header")).and_then(Value::as_str).map(str::to_lowercase);
            *asked.lock().map_err(|fault| fault.to_string())? = Some(header.clone().unwrap_or_else(|| "cookie".into()));
            if let Some(phase) = &mut said.phases.request_head {
                phase.fields = Some(FieldNames::Names([Some("cookie".into()), header].into_iter().flatten().collect()));
            }
            Ok(())
        })
        .run();
}

fn choose(call: &RequestHead<Settings>) -> Result<Action> {
    let settings = call.settings();
    let fields = call.request.fields.as_deref().unwrap_or_default();
    let (value, part) = match &settings.by {
        By::Header(name) => (call.field(name), format!("field:{name}")),
        By::Cookie(name) => (cookie::value_of(fields, name), "field:cookie".into()),
    };
    let Some(value) = value else { return Ok(Action::new()) };
    let action = match settings.cluster_of(value) {
        Some(cluster) => Action::new().cluster(cluster).metadata("canary", json!({"cluster": cluster})),
        None => Action::new(),
    };
    Ok(action.cache([part], CACHE_MS))
}
