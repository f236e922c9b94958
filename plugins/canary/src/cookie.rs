//! Cookies of a request (RFC 6265 section 5.4). HTTP/2 may send them in several fields.

use weir_plugin::protocol::Field;

/// The first cookie of a name.
pub fn value_of<'a>(fields: &'a [Field], name: &str) -> Option<&'a str> {
    let pairs = fields.iter().filter(|field| field.0 == "cookie").flat_map(|field| field.1.split(';'));
    let mut found = pairs.filter_map(|pair| pair.trim_start().split_once('='));
    found.find(|(key, _)| *key == name).map(|(_, value)| value.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str], name: &str) -> Option<String> {
        let fields: Vec<Field> = values.iter().map(|value| ("cookie".into(), (*value).into())).collect();
        value_of(&fields, name).map(Into::into)
    }

    #[test]
    fn the_first_of_the_name() {
        assert_eq!(of(&["a=1; uid=x=y; uid=2"], "uid").as_deref(), Some("x=y"));
        assert_eq!(of(&["a=1", "uid=2 "], "uid").as_deref(), Some("2"));
        assert_eq!(of(&["xuid=1; uid", "b"], "uid"), None);
        assert_eq!(of(&[], "uid"), None);
    }
}
