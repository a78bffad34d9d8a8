//! The keys of the configuration → a JSON schema, for editors.

use serde_json::{Value, json};

use crate::config::layer::{KEYS, Shape};
use crate::rules;

/// The schema of limbeck.toml.
pub fn schema() -> Value {
    let names: Vec<&str> =
        rules::FAMILIES.iter().map(|(family, _)| *family).chain(rules::all().map(|(_, rule)| rule.name)).collect();
    let texts = json!({ "type": "array", "items": { "type": "string" } });
    let mut properties = serde_json::Map::new();
    for key in KEYS {
        let mut value = match key.shape {
            Shape::Text => json!({ "type": "string" }),
            Shape::Texts => texts.clone(),
            Shape::Number => json!({ "type": "integer", "minimum": 0 }),
            Shape::Truth => json!({ "type": "boolean" }),
            Shape::Levels => {
                let level = json!({ "enum": ["off", "note", "warning", "error"] });
                let rules: serde_json::Map<String, Value> =
                    names.iter().map(|name| ((*name).to_owned(), level.clone())).collect();
                json!({ "type": "object", "properties": rules, "additionalProperties": false })
            }
            Shape::PerFile => {
                json!({ "type": "object", "additionalProperties": { "type": "array", "items": { "enum": names } } })
            }
        };
        if let Some(object) = value.as_object_mut() {
            object.insert("description".to_owned(), key.about.into());
        }
        properties.insert(key.name.to_owned(), value);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "limbeck.toml",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}
