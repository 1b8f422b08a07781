//! Methods: what a criterion's `method:value` means for one resource.

mod config;
mod name;
mod path;

use super::SelectionError;
use super::evaluate::Context;
use super::expression::Criterion;
use super::pattern::Pattern;
use super::state::StateQuery;
use crate::resource::Resource;
use crate::unique_id::{ResourceType, UniqueId};
use config::ConfigQuery;
use name::{FqnQuery, PackagedName, SourceQuery};
use path::PathQuery;
use serde_json::Value;
use std::collections::HashSet;

/// A criterion's method, its value read once.
pub(super) enum Method<'a> {
    Fqn(FqnQuery),
    Tag(Pattern),
    Source(SourceQuery),
    Named(ResourceType, PackagedName),
    ResourceType(ResourceType),
    Path(PathQuery),
    File(Pattern),
    Package(Pattern),
    Config(ConfigQuery),
    TestType(TestType),
    TestName(Pattern),
    Group(Pattern),
    Access(String),
    Version(VersionWord),
    State(StateQuery<'a>),
    Ids(HashSet<UniqueId>),
}

/// `test_type:` words.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TestType {
    Generic,
    Singular,
    Unit,
    Data,
}

/// `version:` words.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum VersionWord {
    Latest,
    Prerelease,
    Old,
    None,
}

/// The names of the methods, for "did you mean".
const METHODS: &[&str] = &[
    "fqn",
    "tag",
    "source",
    "exposure",
    "metric",
    "semantic_model",
    "saved_query",
    "unit_test",
    "resource_type",
    "path",
    "file",
    "package",
    "config",
    "test_type",
    "test_name",
    "group",
    "access",
    "version",
    "state",
    "result",
    "source_status",
];

/// An error unless the method exists.
pub(super) fn is_known(name: &str) -> Result<(), SelectionError> {
    if METHODS.contains(&name) { Ok(()) } else { Err(unknown(name)) }
}

fn unknown(name: &str) -> SelectionError {
    let near = crate::diagnostic::nearest(name, METHODS.iter().copied());
    let hint = near.first().map(|it| format!("\nhint: did you mean `{it}:`?")).unwrap_or_default();
    SelectionError::Method { name: name.to_owned(), hint }
}

impl<'a> Method<'a> {
    /// Reads a criterion's method and value.
    pub fn new(criterion: &Criterion, context: Context<'a>) -> Result<Self, SelectionError> {
        let value = criterion.value.as_str();
        let project = context.manifest.project_name();
        let named = |kind, plural: &str, key: &str, package: &str, singular: &str| {
            PackagedName::new(value).map(|name| Self::Named(kind, name)).ok_or_else(|| {
                SelectionError::Value(format!(
                    "Invalid {singular} selector value \"{value}\". {plural} must be of the form \
                     ${{{key}_name}} or ${{{package}.{key}_name}}"
                ))
            })
        };
        Ok(match criterion.method.as_str() {
            "fqn" => Self::Fqn(FqnQuery::new(value)),
            "tag" => Self::Tag(Pattern::new(value)),
            "source" => Self::Source(SourceQuery::new(value)?),
            "exposure" => {
                named(ResourceType::Exposure, "Exposures", "exposure", "exposure_package", "exposure")?
            }
            "metric" => named(ResourceType::Metric, "Metrics", "metric", "metric_package", "metric")?,
            "semantic_model" => named(
                ResourceType::SemanticModel,
                "Semantic models",
                "semantic_model",
                "semantic_model_package",
                "semantic model",
            )?,
            "saved_query" => named(
                ResourceType::SavedQuery,
                "Saved queries",
                "saved_query",
                "saved_query_package",
                "saved query",
            )?,
            "unit_test" => named(
                ResourceType::UnitTest,
                "Unit tests",
                "unit_test",
                "unit_test_package_name",
                "unit test",
            )?,
            "resource_type" => Self::ResourceType(ResourceType::parse(value).ok_or_else(|| {
                SelectionError::Value(format!("Invalid resource_type selector \"{value}\""))
            })?),
            "path" => Self::Path(PathQuery::new(value, context)?),
            "file" => Self::File(Pattern::new(value)),
            "package" => Self::Package(Pattern::new(if value == "this" { project } else { value })),
            "config" => Self::Config(ConfigQuery::new(&criterion.arguments, value)),
            "test_type" => Self::TestType(test_type(value)?),
            "test_name" => Self::TestName(Pattern::new(value)),
            "group" => Self::Group(Pattern::new(value)),
            "access" => Self::Access(value.to_owned()),
            "version" => Self::Version(version_word(value)?),
            "state" => {
                let question = match criterion.arguments.as_slice() {
                    [] => value.to_owned(),
                    parts => format!("{}.{value}", parts.join(".")),
                };
                Self::State(StateQuery::new(&question, context.manifest, context.previous)?)
            }
            "result" => Self::Ids(with_status(value, context)?),
            "source_status" => Self::Ids(with_source_status(value, context)?),
            other => return Err(unknown(other)),
        })
    }

    /// Whether the method holds for the resource.
    pub fn matches(&self, resource: Resource<'_>) -> bool {
        match self {
            Self::Fqn(query) => query.matches(resource),
            Self::Tag(tag) => resource.tags().into_iter().any(|found| tag.matches(found)),
            Self::Source(query) => query.matches(resource),
            Self::Named(kind, name) => resource.resource_type() == *kind && name.matches(resource),
            Self::ResourceType(kind) => resource.resource_type() == *kind,
            Self::Path(query) => query.matches(resource),
            Self::File(pattern) => {
                let path = std::path::Path::new(resource.original_file_path());
                let fits = |part: Option<&std::ffi::OsStr>| {
                    part.and_then(std::ffi::OsStr::to_str).is_some_and(|part| pattern.matches(part))
                };
                fits(path.file_name()) || fits(path.file_stem())
            }
            Self::Package(package) => package.matches(resource.package_name()),
            Self::Config(query) => query.matches(resource),
            Self::TestType(kind) => kind.matches(resource),
            Self::TestName(name) => test_name(resource).is_some_and(|found| name.matches(found)),
            Self::Group(group) => resource.group().is_some_and(|found| group.matches(found)),
            Self::Access(access) => {
                resource.node().is_some_and(|node| node.only.access.as_deref() == Some(access))
            }
            Self::Version(word) => word.matches(resource),
            Self::State(query) => query.matches(resource),
            Self::Ids(ids) => ids.contains(resource.unique_id()),
        }
    }
}

fn test_type(value: &str) -> Result<TestType, SelectionError> {
    match value {
        // The words before dbt 0.21 and 1.0, still accepted.
        "generic" | "schema" => Ok(TestType::Generic),
        "singular" => Ok(TestType::Singular),
        "unit" => Ok(TestType::Unit),
        // Nothing at all finds what no word is needed for.
        "data" | "" => Ok(TestType::Data),
        _ => Err(SelectionError::Value(format!(
            "Invalid test type selector {value}: expected \"generic\", \"singular\", \"unit\", or \"data\""
        ))),
    }
}

impl TestType {
    fn matches(self, resource: Resource<'_>) -> bool {
        let test = resource.node().filter(|node| node.resource_type == ResourceType::Test);
        match self {
            Self::Unit => matches!(resource, Resource::UnitTest(_)),
            Self::Data => test.is_some(),
            Self::Generic => test.is_some_and(|test| test.only.test_metadata.is_some()),
            Self::Singular => test.is_some_and(|test| test.only.test_metadata.is_none()),
        }
    }
}

/// A generic test's macro, a unit test's own name.
fn test_name(resource: Resource<'_>) -> Option<&str> {
    match resource {
        Resource::UnitTest(test) => Some(&test.name),
        _ => Some(&resource.node()?.only.test_metadata.as_ref()?.name),
    }
}

fn version_word(value: &str) -> Result<VersionWord, SelectionError> {
    match value {
        "latest" => Ok(VersionWord::Latest),
        "prerelease" => Ok(VersionWord::Prerelease),
        "old" => Ok(VersionWord::Old),
        "none" => Ok(VersionWord::None),
        _ => Err(SelectionError::Value(format!(
            "Invalid version type selector {value}: expected one of: \"latest\", \"prerelease\", \
             \"old\", or \"none\""
        ))),
    }
}

impl VersionWord {
    fn matches(self, resource: Resource<'_>) -> bool {
        let Some(model) = resource.node().filter(|node| node.resource_type == ResourceType::Model) else {
            return false;
        };
        let (version, latest) = (model.only.version.as_ref(), model.only.latest_version.as_ref());
        match (self, version, latest) {
            (Self::None, version, _) => version.is_none_or(Value::is_null),
            (Self::Latest, Some(version), Some(latest)) => version == latest,
            (Self::Prerelease, Some(version), Some(latest)) => compare_versions(version, latest).is_gt(),
            (Self::Old, Some(version), Some(latest)) => compare_versions(version, latest).is_lt(),
            _ => false,
        }
    }
}

/// As numbers where both are, as text otherwise.
fn compare_versions(left: &Value, right: &Value) -> std::cmp::Ordering {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let number = |value: &Value| text(value).parse::<f64>().ok();
    match (number(left), number(right)) {
        (Some(left), Some(right)) => left.total_cmp(&right),
        _ => text(left).cmp(&text(right)),
    }
}

fn with_status(status: &str, context: Context<'_>) -> Result<HashSet<UniqueId>, SelectionError> {
    let statuses = context
        .previous
        .and_then(|previous| previous.statuses.as_ref())
        .ok_or_else(|| SelectionError::MissingState("No comparison run_results".into()))?;
    Ok(statuses.iter().filter(|(_, found)| *found == status).map(|(id, _)| id.clone()).collect())
}

/// Sources with newer rows than at the time of the state, or unknown to it.
fn with_source_status(status: &str, context: Context<'_>) -> Result<HashSet<UniqueId>, SelectionError> {
    let missing = |which: &str| {
        SelectionError::MissingState(format!("No {which} state comparison freshness results in sources.json"))
    };
    let before = context.previous.and_then(|previous| previous.freshness.as_ref());
    let now = context.previous.and_then(|previous| previous.current_freshness.as_ref());
    let (before, now) = (before.ok_or_else(|| missing("previous"))?, now.ok_or_else(|| missing("current"))?);
    if status != "fresher" {
        return Ok(HashSet::new());
    }
    // RFC 3339 in UTC with a fixed number of digits: the order of text is the order of time.
    let fresher = |(id, loaded): &(&UniqueId, &String)| before.get(*id).is_none_or(|then| *loaded > then);
    Ok(now.iter().filter(fresher).map(|(id, _)| id.clone()).collect())
}
