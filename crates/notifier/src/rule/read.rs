//! Reading rules from the exposures of a manifest.

use super::segment::read_segments;
use super::{Currency, Freshness, Judgement, MassChange, Measure, Owner, Rule, Source};
use crate::measure::{Days, Floor, Threshold};
use crate::written::{Keys, Tree, Written, error, read_yaml};
use platform_core::diagnostic::nearest;
use platform_core::node::Exposure;
use platform_core::relation::Quoting;
use platform_core::{Diagnostic, Manifest, Relation};
use std::path::Path;

/// The rules of a project, and what is wrong with them. `root` is the project's folder, read only to
/// say where in a file something stands.
pub fn read_rules(manifest: &Manifest, root: &Path) -> (Vec<Rule>, Vec<Diagnostic>) {
    let (mut rules, mut problems) = (Vec::<Rule>::new(), Vec::new());
    for exposure in manifest.exposures.values() {
        let Some(alert) =
            exposure.config.meta().and_then(|meta| meta.get("alert")).or(exposure.meta.get("alert"))
        else {
            continue;
        };
        let mut alert = Written::from_json(alert);
        if let Some(file) = find_in_file(exposure, root) {
            alert.adopt_places(&file);
        }
        let each: &[Written] =
            if let Tree::List(items) = &alert.value { items } else { std::slice::from_ref(&alert) };
        for written in each {
            let Some(rule) = read_rule(exposure, written, manifest, &mut problems) else { continue };
            if rules.iter().any(|other| other.id == rule.id) {
                let message = format!("two rules have the id `{}`", rule.id);
                problems.push(error("A005", written.place.as_ref(), message));
            } else {
                rules.push(rule);
            }
        }
    }
    (rules, problems)
}

/// The same value as it stands in the properties file.
fn find_in_file(exposure: &Exposure, root: &Path) -> Option<Written> {
    let path = &exposure.original_file_path;
    let text = std::fs::read_to_string(root.join(path)).ok()?;
    let tree = read_yaml(path, &text).ok()?;
    let is_it = |item: &&Written| {
        item.get("name").and_then(Written::as_text).is_some_and(|name| name == exposure.name)
    };
    let written = tree.get("exposures")?.items().iter().find(is_it)?;
    let in_config = written.get("config").and_then(|config| config.get("meta")?.get("alert"));
    in_config.or_else(|| written.get("meta")?.get("alert")).cloned()
}

fn read_rule(
    exposure: &Exposure,
    written: &Written,
    manifest: &Manifest,
    problems: &mut Vec<Diagnostic>,
) -> Option<Rule> {
    let before = problems.len();
    let mut keys = Keys::of(format!("the alert of exposure `{}`", exposure.name), written, problems);
    let id = keys.text("id").unwrap_or_else(|| exposure.name.clone());
    if !is_id(&id) {
        keys.wrong(
            "id",
            format_args!("`{id}` must be a lower-case name: letters, digits, underscores, 63 at most"),
        );
    }
    let source = read_source(exposure, manifest, &mut keys);
    let judgement = read_judgement(&mut keys);
    let lookback = keys.parsed("lookback_days").unwrap_or(Days(7));
    let mass_change = read_mass_change(&mut keys);
    let freshness = read_freshness(&mut keys);
    let title = keys.text("title");
    keys.finish();
    if problems.len() > before {
        return None;
    }
    let owner_text = |key: &str| exposure.owner.get(key).and_then(|value| value.as_str()).map(str::to_owned);
    let owner = Owner { name: owner_text("name"), email: owner_text("email") };
    Some(Rule {
        id,
        title: title.or_else(|| exposure.label.clone()).unwrap_or_else(|| exposure.name.replace('_', " ")),
        description: exposure.description.trim().to_owned(),
        url: exposure.url.clone(),
        owner: (owner != Owner { name: None, email: None }).then_some(owner),
        source: source?,
        judgement,
        lookback,
        mass_change,
        freshness,
        depends_on: exposure.depends_on.nodes.iter().map(ToString::to_string).collect(),
    })
}

fn is_id(id: &str) -> bool {
    id.len() <= 63
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn read_source(exposure: &Exposure, manifest: &Manifest, keys: &mut Keys<'_>) -> Option<Source> {
    let relations = relations(exposure, manifest);
    let dimension = match keys.text("dimension") {
        Some(name) => Some(named(&name, "dimension", &relations, keys)?.clone()),
        None => None,
    };
    let relation = match keys.text("relation") {
        Some(name) => named(&name, "relation", &relations, keys)?.clone(),
        None => only_one(&relations, dimension.as_ref(), keys)?,
    };
    let currency = match keys.text("currency") {
        None => Currency::None,
        Some(text) if text.len() == 3 && text.chars().all(|c| c.is_ascii_uppercase()) => Currency::Code(text),
        Some(column) => Currency::Column(column),
    };
    let (key, date, value) = (keys.required("key"), keys.required("date"), keys.required("value"));
    let label = keys.text("label");
    Some(Source { relation, key: key?, date: date?, value: value?, currency, label, dimension })
}

/// The relations that the exposure depends on, by the names people use.
fn relations(exposure: &Exposure, manifest: &Manifest) -> Vec<(String, Relation)> {
    let quoting = quoting(manifest);
    exposure
        .depends_on
        .nodes
        .iter()
        .filter_map(|id| {
            let node = manifest.nodes.get(id).map(|node| (node.name.clone(), node.relation(quoting)));
            node.or_else(|| manifest.sources.get(id).map(|source| (source.name.clone(), source.relation())))
        })
        .collect()
}

fn quoting(manifest: &Manifest) -> Quoting {
    let written = manifest.metadata.more.get("quoting");
    let part = |key: &str| written.and_then(|map| map.get(key)?.as_bool()).unwrap_or(true);
    Quoting { database: part("database"), schema: part("schema"), identifier: part("identifier") }
}

fn named<'a>(
    name: &str,
    key: &str,
    relations: &'a [(String, Relation)],
    keys: &mut Keys<'_>,
) -> Option<&'a Relation> {
    if let Some((_, relation)) = relations.iter().find(|(other, _)| other == name) {
        return Some(relation);
    }
    let near = nearest(name, relations.iter().map(|(name, _)| name.as_str()));
    let hint = near.first().map(|best| format!("; did you mean `{best}`?")).unwrap_or_default();
    keys.wrong(key, format_args!("`{name}` is not under the exposure's depends_on{hint}"));
    None
}

fn only_one(
    relations: &[(String, Relation)],
    dimension: Option<&Relation>,
    keys: &mut Keys<'_>,
) -> Option<Relation> {
    let mut others = relations.iter().filter(|(_, relation)| Some(relation) != dimension);
    match (others.next(), others.next()) {
        (Some((_, relation)), None) => Some(relation.clone()),
        (None, _) => {
            keys.wrong(
                "relation",
                "the exposure depends on nothing: add the watched model to its depends_on",
            );
            None
        }
        (Some(_), Some(_)) => {
            keys.wrong("relation", "the exposure depends on several: say which one is watched");
            None
        }
    }
}

fn read_judgement(keys: &mut Keys<'_>) -> Judgement {
    let threshold = keys.exact("threshold").unwrap_or(Threshold::HALF);
    let min_abs_change = keys.exact::<Floor>("min_abs_change").unwrap_or_default();
    let measure = match keys.text("measure").as_deref() {
        None | Some("previous") => Measure::Previous,
        Some("symmetric_max") => Measure::SymmetricMax,
        Some(other) => {
            keys.wrong("measure", format_args!("`{other}` is neither previous nor symmetric_max"));
            Measure::Previous
        }
    };
    let compare_to_days = match keys.text("compare_to").as_deref() {
        None | Some("previous") => 1,
        Some(text) => match text.parse::<Days>() {
            Ok(days) => days.0,
            Err(_) => {
                keys.wrong(
                    "compare_to",
                    format_args!("`{text}` is neither `previous` nor such as `7 days ago`"),
                );
                1
            }
        },
    };
    let max_baseline_age_days = keys.parsed::<Days>("max_baseline_age").map(|days| days.0);
    let segments = match keys.get("segments") {
        Some(written) => read_segments(written, threshold, min_abs_change, keys.problems),
        None => Vec::new(),
    };
    Judgement { threshold, min_abs_change, measure, compare_to_days, max_baseline_age_days, segments }
}

fn read_mass_change(keys: &mut Keys<'_>) -> MassChange {
    let mut mass =
        MassChange { min_count: 20, ratio: "0.20".parse().unwrap_or(Threshold::HALF), hard_cap: 200 };
    if let Some(mut below) = keys.keys("mass_change") {
        mass.min_count = below.parsed("min_count").unwrap_or(mass.min_count);
        mass.ratio = below.exact("ratio").unwrap_or(mass.ratio);
        mass.hard_cap = below.parsed("hard_cap").unwrap_or(mass.hard_cap);
        below.finish();
    }
    mass
}

fn read_freshness(keys: &mut Keys<'_>) -> Freshness {
    let mut freshness = Freshness { deadline: None, missing_days: 2 };
    if let Some(mut below) = keys.keys("freshness") {
        freshness.deadline = below.parsed("deadline");
        freshness.missing_days = below.parsed("missing_days").unwrap_or(freshness.missing_days);
        below.finish();
    }
    freshness
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The threshold and the complaints of a rule that stands so in the properties file; the manifest has what
    /// JSON makes of it.
    fn threshold(written: &str, is_there: bool) -> (Option<String>, Vec<String>) {
        let folder = tempfile::tempdir().expect("a folder");
        let yaml = format!(
            "exposures:\n  - name: balances\n    config: {{meta: {{alert: {{key: id, date: day, value: balance, threshold: {written}}}}}}}\n"
        );
        if is_there {
            std::fs::write(folder.path().join("exposures.yml"), yaml).expect("a file");
        }
        let value: serde_json::Value = serde_json::from_str(written).expect("JSON");
        let manifest = serde_json::from_value(json!({
            "nodes": {"model.shop.daily": {
                "name": "daily", "resource_type": "model", "package_name": "shop", "path": "daily.sql",
                "original_file_path": "daily.sql", "unique_id": "model.shop.daily", "fqn": [],
                "alias": "daily", "schema": "analytics", "database": "any", "config": {}, "created_at": 0.0,
                "checksum": {"name": "none", "checksum": ""},
            }},
            "exposures": {"exposure.shop.balances": {
                "name": "balances", "resource_type": "exposure", "package_name": "shop", "path": "exposures.yml",
                "original_file_path": "exposures.yml", "unique_id": "exposure.shop.balances", "fqn": [],
                "type": "application", "owner": {},
                "config": {"meta": {"alert": {"key": "id", "date": "day", "value": "balance", "threshold": value}}},
                "depends_on": {"macros": [], "nodes": ["model.shop.daily"]},
            }},
        }))
        .expect("a manifest");
        let (rules, problems) = read_rules(&manifest, folder.path());
        let threshold = rules.first().map(|rule| rule.judgement.threshold.to_string());
        (threshold, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_threshold_is_what_was_written_quoted_or_not() {
        for written in ["0.5", "0.1", "0.30000000000000001", "\"0.30000000000000001\"", "2"] {
            assert_eq!(threshold(written, true), (Some(written.trim_matches('"').to_owned()), vec![]));
        }
    }

    #[test]
    fn a_fraction_that_only_the_manifest_has_is_refused_unless_quoted() {
        assert_eq!(threshold("\"0.1\"", false).0.as_deref(), Some("0.1"));
        assert_eq!(threshold("1", false).0.as_deref(), Some("1"));
        let (rule, problems) = threshold("0.30000000000000001", false);
        assert!(rule.is_none() && problems[0].contains("write it in quotes"), "{problems:?}");
    }
}
