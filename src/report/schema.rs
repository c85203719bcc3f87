//! The JSON Schemas of results, `docs/result.schema.json` and `docs/sweep.schema.json`: made from the result's types, so
//! that they cannot say anything else.

use std::path::Path;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

use super::fixture;
use crate::experiment::result::{RunResult, SweepResult};

/// The schema of `T` as it is written.
fn schema<T: JsonSchema>(title: &str) -> serde_json::Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    schema["title"] = title.into();
    schema
}

/// Fails when the file is not what the types say; with `BLESS` set, writes it.
fn fresh(name: &str, schema: &serde_json::Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    let text = serde_json::to_string_pretty(schema).unwrap() + "\n";
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == text, "docs/{name} is out of date: run the test with BLESS=1");
}

/// Fails with what is wrong when `schema` does not hold for `result`.
fn holds(schema: &serde_json::Value, result: &impl serde::Serialize) {
    let result = serde_json::to_value(result).unwrap();
    if let Err(error) = jsonschema::validate(schema, &result) {
        panic!("{}: {error}", error.instance_path());
    }
}

#[test]
fn schemas_are_fresh_and_hold_for_the_fixtures() {
    let run = schema::<RunResult>("The result of simulate run");
    fresh("result.schema.json", &run);
    holds(&run, &fixture::run());
    holds(&run, &fixture::run_once());
    let sweep = schema::<SweepResult>("The result of simulate sweep");
    fresh("sweep.schema.json", &sweep);
    holds(&sweep, &fixture::sweep());
    let other = serde_json::to_value(fixture::sweep()).unwrap();
    assert!(!jsonschema::is_valid(&run, &other), "a schema that allows everything says nothing");
}
