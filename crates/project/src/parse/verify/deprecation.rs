//! Models past their deprecation date.

use super::place;
use crate::code;
use chrono::{DateTime, Utc};
use platform_core::{Diagnostic, Manifest, Node, ResourceType};

/// Models past their deprecation date, and references to models that have one.
pub fn deprecations(manifest: &Manifest, now: DateTime<Utc>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for node in manifest.nodes.values() {
        if let Some(date) = deprecation_date(node)
            && date < now
        {
            let version = version_suffix(node);
            found.push(
                    Diagnostic::warning(
                        code::DEPRECATED_MODEL,
                        format!(
                            "Model {}{version} has passed its deprecation date of {}. This model should be disabled \
                             or removed.",
                            node.name,
                            shown(date)
                        ),
                    )
                    .event("DeprecatedModel")
                    .at(place(node))
                    .with("model_name", node.name.as_str())
                    .with("model_version", shown_version(node))
                    .with("deprecation_date", shown(date)),
                );
        }
        if node.resource_type != ResourceType::Model {
            continue;
        }
        for id in &node.depends_on.nodes {
            let Some(target) = manifest.nodes.get(id) else { continue };
            let Some(date) = deprecation_date(target) else { continue };
            found.push(deprecated_reference(node, target, date, now));
        }
    }
    found
}

fn version_suffix(node: &Node) -> String {
    node.only
        .version
        .as_ref()
        .map(|version| format!(".v{}", crate::python::text(version)))
        .unwrap_or_default()
}

fn deprecation_date(node: &Node) -> Option<DateTime<Utc>> {
    let text = node.only.deprecation_date.as_ref()?.as_str()?;
    Some(DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc))
}

fn shown(date: DateTime<Utc>) -> String {
    date.format("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

fn deprecated_reference(node: &Node, target: &Node, date: DateTime<Utc>, now: DateTime<Utc>) -> Diagnostic {
    let (event, how) = if date < now {
        ("DeprecatedReference", "was deprecated on")
    } else {
        ("UpcomingReferenceDeprecation", "is slated for deprecation on")
    };
    let latest = match (&target.only.version, &target.only.latest_version) {
        (Some(own), Some(latest)) if own != latest => format!(
            "A new version of '{}' is available. Try it out: {{{{ ref('{}', '{}', v='{}') }}}}.",
            target.name,
            target.package_name,
            target.name,
            crate::python::text(latest)
        ),
        _ => String::new(),
    };
    Diagnostic::warning(
        code::DEPRECATED_MODEL,
        format!(
            "While compiling '{}': Found a reference to {}{}, which {how} '{}'. {latest}",
            node.name,
            target.name,
            version_suffix(target),
            shown(date)
        ),
    )
    .event(event)
    .at(place(node))
    .with("model_name", node.name.as_str())
    .with("ref_model_name", target.name.as_str())
    .with("ref_model_package", target.package_name.as_str())
    .with("ref_model_version", shown_version(target))
    .with("ref_model_deprecation_date", shown(date))
}

fn shown_version(node: &Node) -> String {
    node.only.version.as_ref().map(crate::python::text).unwrap_or_default()
}
