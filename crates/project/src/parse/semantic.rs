//! The semantic layer, parsed and kept: semantic models, metrics, saved queries
//! (<https://docs.getdbt.com/docs/build/semantic-models>). Nothing here is run.

mod item;
mod metric;
mod model;
mod query;
mod validate;

pub use metric::{created, link, metric};
pub use model::{relate, semantic_model};
pub use query::saved_query;
pub use validate::{NESTED_CUMULATIVE, Subject, is_flat_cumulative, validate};

use crate::properties::Block;
use crate::yaml::{Content, Node as Yaml};
use platform_core::Diagnostic;
use serde_json::{Map, Value, json};

/// The value under a key, null where missing.
fn or_null(node: &Yaml, key: &str) -> Value {
    node.get(key).map_or(Value::Null, Yaml::to_json)
}

/// The text under a key, null where missing; numbers as text.
fn text_or_null(node: &Yaml, key: &str) -> Value {
    node.get(key).and_then(Yaml::scalar_text).map_or(Value::Null, Value::String)
}

/// Words of which one is meant, and the name of their list in messages.
struct Words(&'static str, &'static [&'static str]);

const AGGREGATIONS: Words = Words(
    "AggregationType",
    &["sum", "min", "max", "count_distinct", "sum_boolean", "average", "percentile", "median", "count"],
);
/// The standard granularities, the finest first.
const GRANULARITIES: Words = Words(
    "TimeGranularity",
    &[
        "nanosecond",
        "microsecond",
        "millisecond",
        "second",
        "minute",
        "hour",
        "day",
        "week",
        "month",
        "quarter",
        "year",
    ],
);

/// The word under a key, in lower case however it is written; null where missing.
fn word(block: &Block, node: &Yaml, key: &str, words: &Words) -> Result<Value, Diagnostic> {
    let Some(given) = node.get(key).filter(|it| !matches!(it.content, Content::Null)) else {
        return Ok(Value::Null);
    };
    let text = given.scalar_text().unwrap_or_default();
    let Words(list, known) = words;
    let found = known.iter().find(|it| it.eq_ignore_ascii_case(&text));
    found.map(|it| json!(it)).ok_or_else(|| {
        let message =
            format!("Invalid enum value: `{text}` in enum {list}; it is one of {}", known.join(", "));
        block.fault(given, message)
    })
}

/// Whether a time spine of this granularity has the days.
fn is_up_to_a_day(granularity: &str) -> bool {
    let Words(_, known) = GRANULARITIES;
    known.iter().take_while(|it| **it != "week").any(|it| *it == granularity)
}

/// The name that MetricFlow has for the time of any metric.
const METRIC_TIME: &str = "metric_time";

/// A column's granularity.
pub fn granularity(block: &Block, column: &Yaml) -> Result<Option<String>, Diagnostic> {
    Ok(word(block, column, "granularity", &GRANULARITIES)?.as_str().map(str::to_owned))
}

/// The boolean under a key, false where missing.
fn flag(node: &Yaml, key: &str) -> bool {
    node.get(key).and_then(Yaml::boolean).unwrap_or(false)
}

fn object(pairs: impl IntoIterator<Item = (&'static str, Value)>) -> Map<String, Value> {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// `config` of a part: `{"meta": …}`, over that of its model.
fn part_config(node: &Yaml, model: &Map<String, Value>) -> Value {
    let mut meta = model.get("meta").and_then(Value::as_object).cloned().unwrap_or_default();
    if let Some(own) = node.get("config").and_then(|config| config.get("meta")) {
        meta.extend(own.to_json_map());
    }
    json!({"meta": meta})
}

/// A filter: one text, or several that all must hold.
fn filter(node: Option<&Yaml>) -> Value {
    let Some(node) = node else { return Value::Null };
    let texts: Vec<String> = if node.is_list() {
        node.items().iter().filter_map(Yaml::scalar_text).collect()
    } else {
        node.scalar_text().into_iter().collect()
    };
    let filters: Vec<Value> = texts.iter().map(|text| json!({"where_sql_template": text})).collect();
    json!({"where_filters": filters})
}

/// `7 days` as count and granularity.
fn window(block: &Block, node: Option<&Yaml>) -> Result<Value, Diagnostic> {
    let Some(node) = node else { return Ok(Value::Null) };
    let text = node.scalar_text().unwrap_or_default().to_lowercase();
    let parts: Vec<&str> = text.split_whitespace().collect();
    match parts.as_slice() {
        [count, granularity] => match count.parse::<i64>() {
            Ok(count) => {
                let plural = ["days", "weeks", "months", "quarters", "years", "hours", "minutes", "seconds"];
                let granularity = if plural.contains(granularity) {
                    granularity.trim_end_matches('s')
                } else {
                    granularity
                };
                Ok(json!({"count": count, "granularity": granularity}))
            }
            Err(_) => Err(block.fault(node, format!("Invalid count ({count}) in cumulative metric window string: ({text})"))),
        },
        _ => Err(block.fault(
            node,
            format!("Invalid window ({text}) in cumulative metric. Should be of the form `<count> <granularity>`, e.g., `28 days`"),
        )),
    }
}

/// A model's `time_spine` in the form of artifacts.
pub fn time_spine(given: &Value) -> Value {
    let custom = given.get("custom_granularities").and_then(Value::as_array).cloned().unwrap_or_default();
    let custom: Vec<Value> = custom
        .iter()
        .map(|it| json!({"name": it.get("name"), "column_name": it.get("column_name")}))
        .collect();
    json!({
        "standard_granularity_column": given.get("standard_granularity_column"),
        "custom_granularities": custom,
    })
}
