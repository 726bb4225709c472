//! The JSON schema of a test file, made from the table by which the reader checks.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

use super::keys;
use super::phrase::MANNERS;
use super::shape::{Keys, Shape};

/// The schema (draft 2020-12), for editors.
pub(crate) fn schema() -> Value {
    let mut draft = Draft::default();
    let file = draft.shape(&keys::FILE);
    let mut out = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tests of a dialplan (strowger test)",
    });
    for (key, value) in file.as_object().into_iter().flatten() {
        out[key] = value.clone();
    }
    out["$defs"] = draft.defs.into_values().collect::<Map<_, _>>().into();
    out
}

/// Mappings stand once below `$defs` and are named elsewhere.
#[derive(Default)]
struct Draft {
    defs: BTreeMap<usize, (String, Value)>,
}

impl Draft {
    fn shape(&mut self, shape: &Shape) -> Value {
        // YAML reads 1009 as a number and yes as a truth value; the reader takes both as they are written.
        let scalar = || json!(["string", "number", "boolean", "null"]);
        match shape {
            Shape::Text | Shape::Want => json!({ "type": scalar() }),
            Shape::Number(most) => json!({ "type": "integer", "minimum": 0, "maximum": most }),
            Shape::Flag => json!({ "enum": [true, false, "yes", "no", "on", "off"] }),
            Shape::Duration => json!({
                "type": ["string", "number"],
                "pattern": r"^\s*[0-9.]+\s*(ms|s|sec|seconds|m|min|minutes|h|hours)?\s*$",
            }),
            Shape::Moment | Shape::Zone => json!({ "type": "string" }),
            Shape::Phrase => json!({
                "type": "string",
                "pattern": format!("^({})( after .*)?(, .*)?$|^hangs up after |^never hangs up$", MANNERS.iter().map(|(w, ..)| *w).collect::<Vec<_>>().join("|")),
            }),
            Shape::Words(words) => {
                json!({ "oneOf": words.iter().map(|(w, about)| json!({ "const": w, "description": about })).collect::<Vec<_>>() })
            }
            Shape::List(inner) => {
                let inner = self.shape(inner);
                json!({ "anyOf": [inner, { "type": "array", "items": inner }, { "type": "null" }] })
            }
            Shape::Map(keys) => self.keys(keys),
            Shape::Named(inner) => {
                let inner = self.shape(inner);
                json!({ "type": ["object", "null"], "additionalProperties": inner })
            }
            Shape::Either(shapes) => {
                let all: Vec<Value> = shapes.iter().map(|s| self.shape(s)).collect();
                match <[Value; 1]>::try_from(all) {
                    Ok([one]) => one,
                    Err(all) => json!({ "anyOf": all }),
                }
            }
        }
    }

    fn keys(&mut self, keys: &'static Keys) -> Value {
        let place = std::ptr::from_ref(keys) as usize;
        if let Some((name, _)) = self.defs.get(&place) {
            return json!({ "$ref": format!("#/$defs/{name}") });
        }
        let mut name = keys.what.replace(' ', "-").replace('`', "");
        while self.defs.values().any(|(n, _)| *n == name) {
            name.push('-');
        }
        self.defs.insert(place, (name.clone(), Value::Null));
        let mut properties = Map::new();
        let mut required = Vec::new();
        for entry in keys.all() {
            let mut value = self.shape(entry.shape);
            value["description"] = json!(entry.about);
            properties.insert(entry.name.into(), value);
            if entry.required {
                required.push(entry.name);
            }
        }
        let mut out = json!({
            "type": if required.is_empty() { json!(["object", "null"]) } else { json!("object") },
            "properties": properties,
            "additionalProperties": false,
        });
        if let Some(shape) = keys.variables {
            let value = self.shape(shape);
            out["patternProperties"] = json!({ "^[A-Z_][^a-z]*$": value });
        }
        if !required.is_empty() {
            out["required"] = json!(required);
        }
        self.defs.insert(place, (name.clone(), out));
        json!({ "$ref": format!("#/$defs/{name}") })
    }
}
