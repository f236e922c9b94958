//! The config of a use.

use serde::Deserialize;
use serde_json::{json, Value};
use weir_plugin::Result;

use crate::hash::unit;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    cookie: Option<String>,
    header: Option<String>,
    #[serde(default)]
    salt: String,
    shares: Vec<Share>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Share {
    cluster: String,
    percent: f64,
}

/// What tells clients apart.
#[derive(Debug, PartialEq)]
pub enum By {
    Cookie(String),
    /// In lower case.
    Header(String),
}

pub struct Settings {
    pub by: By,
    salt: String,
    shares: Vec<Share>,
}

impl Settings {
    pub fn read(value: Value) -> Result<Self> {
        if value.is_null() {
            return Err("give canary a config with shares, and cookie or header".into());
        }
        let Config { cookie, header, salt, shares } = serde_json::from_value(value)?;
        let by = match (cookie, header) {
            (Some(name), None) => By::Cookie(name),
            (None, Some(name)) => By::Header(name.to_lowercase()),
            _ => return Err("give either cookie or header".into()),
        };
        if let Some(share) = shares.iter().find(|share| !(0.0..=100.0).contains(&share.percent)) {
            return Err(format!("make percent 0 to 100: found {} for {}", share.percent, share.cluster).into());
        }
        let sum: f64 = shares.iter().map(|share| share.percent).sum();
        if sum > 100.0 + 1e-9 {
            return Err(format!("make all percent together 100 at most: found {sum}").into());
        }
        Ok(Self { by, salt, shares })
    }

    /// None: the route's own. Shares lie one behind the other, so that the last one can grow without moving anybody else.
    pub fn cluster_of(&self, client: &str) -> Option<&str> {
        let place = unit(&[&self.salt, client]) * 100.0;
        let mut end = 0.0;
        let found = self.shares.iter().find(|share| {
            end += share.percent;
            place < end
        });
        found.map(|share| share.cluster.as_str())
    }
}

pub fn schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["shares"],
        "oneOf": [{"required": ["cookie"]}, {"required": ["header"]}],
        "properties": {
            "cookie": {"type": "string", "minLength": 1},
            "header": {"type": "string", "minLength": 1},
            "salt": {"type": "string"},
            "shares": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["cluster", "percent"],
                    "properties": {
                        "cluster": {"type": "string", "minLength": 1},
                        "percent": {"type": "number", "minimum": 0, "maximum": 100},
                    },
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(percents: &[(&str, f64)]) -> Settings {
        let shares: Vec<Value> =
            percents.iter().map(|(cluster, percent)| json!({"cluster": cluster, "percent": percent})).collect();
        Settings::read(json!({"cookie": "uid", "salt": "s", "shares": shares})).unwrap_or_else(|fault| panic!("{fault}"))
    }

    #[test]
    fn shares_are_what_they_say() {
        let settings = shared(&[("b", 10.0), ("c", 30.0)]);
        let mut counts = [0; 3];
        for user in 0..10_000 {
            match settings.cluster_of(&user.to_string()) {
                Some("b") => counts[0] += 1,
                Some("c") => counts[1] += 1,
                _ => counts[2] += 1,
            }
        }
        for (count, wanted) in counts.iter().zip([1000, 3000, 6000]) {
            assert!((count - wanted as i32).abs() < 200, "{counts:?}");
        }
    }

    #[test]
    fn a_share_that_grows_keeps_its_clients() {
        let (before, after) = (shared(&[("b", 10.0)]), shared(&[("b", 20.0)]));
        for user in 0..1000 {
            let user = user.to_string();
            if before.cluster_of(&user).is_some() {
                assert_eq!(after.cluster_of(&user), Some("b"));
            }
        }
    }

    #[test]
    fn all_and_nobody() {
        assert_eq!(shared(&[("b", 0.0)]).cluster_of("x"), None);
        assert_eq!(shared(&[("b", 100.0)]).cluster_of("x"), Some("b"));
    }

    #[test]
    fn configs_that_are_wrong() {
        for (config, why) in [
            (json!(null), "give canary a config"),
            (json!({"shares": []}), "either cookie or header"),
            (json!({"cookie": "a", "header": "b", "shares": []}), "either cookie or header"),
            (json!({"cookie": "a", "shares": [{"cluster": "b", "percent": 101}]}), "0 to 100: found 101"),
            (json!({"cookie": "a", "shares": [{"cluster": "b", "percent": 60}, {"cluster": "c", "percent": 60}]}), "found 120"),
            (json!({"cookie": "a", "shares": [], "other": 1}), "unknown field `other`"),
        ] {
            let fault = Settings::read(config).err().map(|fault| fault.to_string()).unwrap_or_default();
            assert!(fault.contains(why), "{fault}");
        }
        assert_eq!(
            Settings::read(json!({"header": "X-User", "shares": []})).ok().map(|s| s.by),
            Some(By::Header("x-user".into()))
        );
    }
}
