//! What is read and what the published schemas say are the same.

use super::fields::Fields;
use super::{At, Row, selector, when};
use crate::instance::document::*;
use crate::instance::policy::{Hours, LinkStateIs, LinkVolume, Policy, When};
use schemars::JsonSchema;
use std::collections::BTreeSet;

/// The names of a type's properties in its schema.
fn published<T: JsonSchema>() -> BTreeSet<String> {
    let schema = schemars::schema_for!(T).to_value();
    schema["properties"].as_object().expect("an object's schema").keys().cloned().collect()
}

/// The names that a reader asks for.
fn asked(read: impl FnOnce(&mut Fields<'_, '_>)) -> BTreeSet<String> {
    let mut faults = Vec::new();
    let mut fields = Fields::open("{}", At::root(""), &mut faults);
    read(&mut fields);
    fields.asked().iter().map(|name| name.to_string()).collect()
}

fn row_matches<T: Row + JsonSchema>() {
    let names = asked(|fields| {
        T::read(fields);
    });
    assert_eq!(names, published::<T>(), "{}", std::any::type_name::<T>());
}

#[test]
fn rows_take_exactly_the_names_of_their_schemas() {
    row_matches::<Document>();
    row_matches::<ContentRow>();
    row_matches::<NodeRow>();
    row_matches::<HoldingRow>();
    row_matches::<RequestRow>();
    row_matches::<NetworkRow>();
    row_matches::<LinkRow>();
    row_matches::<RouteRow>();
    row_matches::<PathRow>();
    row_matches::<ClusterRow>();
    row_matches::<PreviousRow>();
    row_matches::<Policy>();
}

#[test]
fn conditions_take_exactly_the_names_of_their_schemas() {
    assert_eq!(asked(|fields| drop(when::when(fields))), published::<When>());
    assert_eq!(asked(|fields| drop(when::hours(fields))), published::<Hours>());
    assert_eq!(asked(|fields| drop(when::link_state(fields))), published::<LinkStateIs>());
    assert_eq!(asked(|fields| drop(when::link_volume(fields))), published::<LinkVolume>());
}

#[test]
fn selectors_know_every_field_of_nodes_networks_and_contents() {
    let network = published::<NetworkRow>().into_iter().map(|name| format!("network.{name}"));
    let mut node: BTreeSet<String> = published::<NodeRow>().into_iter().chain(network).collect();
    node.insert("level".into());
    node.remove("attributes");
    assert_eq!(selector::known(selector::Side::Node), node);
    let mut content = published::<ContentRow>();
    content.remove("attributes");
    assert_eq!(selector::known(selector::Side::Content), content);
}
