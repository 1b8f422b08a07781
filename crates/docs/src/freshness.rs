//! `sources.json`: how old each source's data was when it was last asked.

use platform_core::UniqueId;
use serde::{Deserialize, Deserializer};
use std::collections::HashMap;

/// Freshness of sources, as `dp source freshness` wrote it.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Freshness {
    /// One a source.
    #[serde(default, deserialize_with = "by_id")]
    pub results: HashMap<UniqueId, SourceFreshness>,
}

/// One source's answer.
#[derive(Clone, Debug, Deserialize)]
pub struct SourceFreshness {
    /// The source.
    pub unique_id: UniqueId,
    /// `pass`, `warn`, `error`, `runtime error`.
    pub status: String,
    /// Its newest data; UTC, RFC 3339.
    #[serde(default)]
    pub max_loaded_at: Option<String>,
    /// When it was asked.
    #[serde(default)]
    pub snapshotted_at: Option<String>,
    /// Seconds between the two.
    #[serde(default)]
    pub max_loaded_at_time_ago_in_s: Option<f64>,
    /// Why it could not be asked.
    #[serde(default)]
    pub error: Option<String>,
}

fn by_id<'de, D: Deserializer<'de>>(from: D) -> Result<HashMap<UniqueId, SourceFreshness>, D::Error> {
    let results: Vec<SourceFreshness> = Vec::deserialize(from)?;
    Ok(results.into_iter().map(|result| (result.unique_id.clone(), result)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_answers_and_failures() {
        let read: Freshness = serde_json::from_str(
            r#"{"metadata": {}, "results": [
                {"unique_id": "source.s.raw.a", "max_loaded_at": "2026-11-22T00:00:00Z", "snapshotted_at": "2026-11-22T06:00:00Z",
                 "max_loaded_at_time_ago_in_s": 21600.0, "status": "warn", "criteria": {}, "timing": []},
                {"unique_id": "source.s.raw.b", "error": "no such table", "status": "runtime error"}]}"#,
        )
        .expect("reads");
        let warned = &read.results[&UniqueId::from("source.s.raw.a")];
        assert_eq!((warned.status.as_str(), warned.max_loaded_at_time_ago_in_s), ("warn", Some(21600.0)));
        let failed = &read.results[&UniqueId::from("source.s.raw.b")];
        assert_eq!(failed.error.as_deref(), Some("no such table"));
    }
}
