//! What the semantic layer asks of saved queries (<https://docs.getdbt.com/docs/build/saved-queries>).

use super::metric::unreadable;
use super::{Fault, fault, name, parts};
use crate::parse::semantic::METRIC_TIME;
use crate::parse::semantic::item::{Item, Kind, Place, items};
use platform_core::Manifest;
use platform_core::node::SavedQuery;
use serde_json::Value;
use std::collections::HashSet;

/// What is wrong with saved queries.
pub fn faults<'a>(manifest: &'a Manifest, granularities: &[&str]) -> Vec<Fault<'a>> {
    if manifest.saved_queries.is_empty() {
        return Vec::new();
    }
    let models = manifest.semantic_models.values();
    let elements =
        models.flat_map(|model| ["dimensions", "entities"].into_iter().flat_map(|key| parts(model, key)));
    let metrics = manifest.metrics.values().map(|it| it.name.as_str());
    let known = elements.map(name).chain(metrics).chain([METRIC_TIME]).collect();
    let checker = Checker { granularities, known };
    let checked = manifest.saved_queries.values().flat_map(|query| {
        let messages = checker.faults(query);
        messages.into_iter().map(move |message| fault(message, query))
    });
    checked.collect()
}

struct Checker<'a> {
    granularities: &'a [&'a str],
    /// Names of dimensions, entities and metrics.
    known: HashSet<&'a str>,
}

impl Checker<'_> {
    fn faults(&self, query: &SavedQuery) -> Vec<String> {
        let Some(params) = query.more.get("query_params") else { return Vec::new() };
        let texts = |key: &str| -> Vec<&str> {
            params[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
        };
        let mut found = Vec::new();
        let mut listed = Vec::new();
        for text in texts("group_by") {
            match self.read(text, Place::Where) {
                Ok(items) => match items.as_slice() {
                    [item] if self.is_known(item) => listed.push(item.clone()),
                    _ => found.push(format!("`{text}` is not a valid group-by name.")),
                },
                Err(why) => found.push(format!(
                    "An error occurred while trying to parse a group-by in saved query `{}`: {why}\n  {text}",
                    query.name
                )),
            }
        }
        let metrics = texts("metrics");
        let is_listed = |item: &Item| {
            let is_metric = item.is_bare_metric() && metrics.contains(&item.name.as_str());
            is_metric || listed.contains(item)
        };
        for text in texts("order_by") {
            match self.read(text, Place::OrderBy) {
                Ok(items) if !items.is_empty() && items.iter().all(is_listed) => {}
                Ok(items) if !items.is_empty() => {
                    found.push(format!("{text} does not match any of the listed metrics or group-by items."));
                }
                Ok(_) => found.push(format!("`{text}` in `order_by` of saved query `{}` is no item", query.name)),
                Err(why) => found.push(format!(
                    "An error occurred while parsing a field in '{}'. Note that metrics need to be specified using the \
                     object-builder syntax (`Metric('metric_name')`) and if `.descending(...)` is specified, it should be \
                     at the end: {why}\n  {text}",
                    query.name
                )),
            }
        }
        if let Some(limit) = params["limit"].as_i64().filter(|limit| *limit < 0) {
            found.push(format!("Invalid limit value: {limit} (should be >= 0)"));
        }
        let about = format!("a filter in saved query `{}`", query.name);
        let owner = format!("saved query `{}`", query.name);
        found.extend(unreadable(&about, &owner, &params["where"], self.granularities));
        found
    }

    fn read(&self, text: &str, place: Place) -> Result<Vec<Item>, String> {
        items(&format!("{{{{ {text} }}}}"), place, self.granularities)
    }

    fn is_known(&self, item: &Item) -> bool {
        match item.kind {
            Kind::Metric => self.known.contains(item.name.as_str()),
            _ => self.known.contains(item.element(self.granularities)),
        }
    }
}
