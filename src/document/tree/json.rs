//! A tree as JSON and back. TOML's dates become texts; texts that are dates come back as dates.

use serde_json::{Map, Value as Json};
use toml::value::Datetime;

use super::{Node, Table, Value};

impl Table {
    /// The same as JSON.
    #[must_use]
    pub fn to_json(&self) -> Map<String, Json> {
        self.entries.iter().map(|entry| (entry.key.clone(), entry.node.to_json())).collect()
    }

    /// What JSON says, written nowhere. A null is nothing, and so is an empty list, which is the default of every list: the
    /// key is left out.
    #[must_use]
    pub fn from_json(json: &Map<String, Json>) -> Self {
        let mut table = Self::new();
        for (key, value) in json {
            if let Some(node) = from_json(value) {
                table.insert(key, super::Span::BUILT_IN, node);
            }
        }
        table
    }
}

impl Node {
    fn to_json(&self) -> Json {
        match &self.value {
            Value::String(text) => text.clone().into(),
            Value::Integer(number) => (*number).into(),
            Value::Float(number) => (*number).into(),
            Value::Boolean(flag) => (*flag).into(),
            Value::Datetime(instant) => instant.to_string().into(),
            Value::Array(nodes) => nodes.iter().map(Self::to_json).collect(),
            Value::Table(table) => table.to_json().into(),
        }
    }
}

fn from_json(json: &Json) -> Option<Node> {
    Some(Node::built_in(match json {
        Json::Null => return None,
        Json::Bool(flag) => Value::Boolean(*flag),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Value::Integer(number),
            None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => match text.parse::<Datetime>() {
            Ok(instant) if instant.date.is_some() => Value::Datetime(instant),
            _ => Value::String(text.clone()),
        },
        Json::Array(values) if values.is_empty() => return None,
        Json::Array(values) => Value::Array(values.iter().filter_map(from_json).collect()),
        Json::Object(entries) => Value::Table(Table::from_json(entries)),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_comes_back_as_the_same_tree() {
        let json = serde_json::json!({
            "as_of": "2018-05-01", "free": true, "month": "730h", "rate": 1.5, "n": [1, 2], "set": { "a.b": "1 USD" }
        });
        let table = Table::from_json(json.as_object().unwrap());
        assert_eq!(Json::from(table.to_json()), json);
        assert!(matches!(table.get("as_of").unwrap().value, Value::Datetime(_)));
        assert!(matches!(table.get("month").unwrap().value, Value::String(_)));
    }
}
