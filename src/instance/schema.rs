//! JSON Schemas, derived from the types of the formats.

use schemars::JsonSchema;
use serde_json::{Value, json};

/// The schema of a format. Objects take no other names than those known, but any that begins with `x-`.
pub fn of<T: JsonSchema>(title: &str) -> Value {
    let mut schema = schemars::schema_for!(T).to_value();
    close(&mut schema);
    schema["title"] = json!(title);
    schema
}

/// Refuses unknown names wherever an object lists its properties and says nothing else.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.values_mut().for_each(close);
            let lists = object.get("properties").is_some_and(Value::is_object) && object.contains_key("type");
            if lists && !object.contains_key("additionalProperties") {
                object.insert("additionalProperties".into(), json!(false));
                object.insert("patternProperties".into(), json!({ "^x-": {} }));
            }
        }
        Value::Array(list) => list.iter_mut().for_each(close),
        _ => {}
    }
}
