//! Deprecations: each kind is told once, or every time with `--show-all-deprecations`, and counted at the end
//! (<https://docs.getdbt.com/reference/deprecations>).

use platform_core::Event;
use platform_core::event::{Level, Tone};
use serde_json::json;
use std::sync::{Mutex, PoisonError};

/// dbt's deprecations, and the code that its log gives each; `""` where we know of none.
const KINDS: [(&str, &str); 37] = [
    ("ArgumentsPropertyInGenericTestDeprecation", "D038"),
    ("CollectFreshnessReturnSignature", ""),
    ("ConfigDataPathDeprecation", ""),
    ("ConfigLogPathDeprecation", "D010"),
    ("ConfigSourcePathDeprecation", ""),
    ("ConfigTargetPathDeprecation", "D011"),
    ("CustomKeyInConfigDeprecation", "D026"),
    ("CustomKeyInObjectDeprecation", "D027"),
    ("CustomOutputPathInSourceFreshnessDeprecation", "D029"),
    ("CustomTopLevelKeyDeprecation", "D025"),
    ("DuplicateNameDistinctNodeTypesDeprecation", "D040"),
    ("DuplicateYAMLKeysDeprecation", "D024"),
    ("EnvironmentVariableNamespaceDeprecation", ""),
    ("EnvironmentVariableRenamed", ""),
    ("ExposureNameDeprecation", "D007"),
    ("GenericJSONSchemaValidationDeprecation", ""),
    ("MFCumulativeTypeParamsDeprecation", "D019"),
    ("MFTimespineWithoutYamlConfigurationDeprecation", "D018"),
    ("MetricAttributesRenamed", ""),
    ("MicrobatchMacroOutsideOfBatchesDeprecation", "D020"),
    ("MissingArgumentsPropertyInGenericTestDeprecation", "D039"),
    ("MissingPlusPrefixDeprecation", "D037"),
    ("ModelParamUsageDeprecation", ""),
    ("ModulesItertoolsUsageDeprecation", "D034"),
    ("PackageInstallPathDeprecation", "D002"),
    ("PackageMaterializationOverrideDeprecation", ""),
    ("PackageRedirectDeprecation", ""),
    ("ProjectFlagsMovedDeprecation", "D013"),
    ("PropertyMovedToConfigDeprecation", "D030"),
    ("ResourceNamesWithSpacesDeprecation", "D015"),
    ("SourceFreshnessProjectHooksNotRun", ""),
    ("SourceOverrideDeprecation", ""),
    ("TestsConfigDeprecation", ""),
    ("TimeDimensionsRequireGranularityDeprecation", ""),
    ("UnexpectedJinjaBlockDeprecation", "D023"),
    ("WEOIncludeExcludeDeprecation", ""),
    ("AdapterDeprecationWarning", ""),
];

/// Keys that nothing reads, and keys that stand twice: each is likely a mistake of its own, and told.
const ALWAYS_TOLD: [&str; 4] = [
    "CustomKeyInConfigDeprecation",
    "CustomKeyInObjectDeprecation",
    "CustomTopLevelKeyDeprecation",
    "DuplicateYAMLKeysDeprecation",
];

/// What dbt finds by schemas that it has for other databases and not for Postgres. A project that passes its
/// `--warn-error` passes ours: these become errors where they are named.
const SILENT_IN_DBT: [&str; 2] = ["MissingPlusPrefixDeprecation", "PropertyMovedToConfigDeprecation"];

/// Whether a warning of that name is a deprecation.
pub(super) fn is_deprecation(name: &str) -> bool {
    KINDS.iter().any(|(kind, _)| *kind == name)
}

/// Whether `--warn-error` leaves a deprecation of that name a warning unless it is named.
pub(super) fn is_lenient(event: &Event) -> bool {
    SILENT_IN_DBT.contains(&event.name.as_str()) && event.data.contains_key("key_path")
}

/// What was met so far.
pub(super) struct Deprecations {
    shows_all: bool,
    met: Mutex<Vec<Met>>,
}

struct Met {
    name: String,
    code: &'static str,
    times: usize,
    told: usize,
    /// Whether dbt tells of one of them, too.
    is_dbts: bool,
}

impl Deprecations {
    pub fn new(shows_all: bool) -> Self {
        Self { shows_all, met: Mutex::default() }
    }

    /// Takes a deprecation; gives it back, with dbt's code, if it is to be told.
    pub fn meet(&self, mut event: Event) -> Option<Event> {
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        let at = met.iter().position(|it| it.name == event.name).unwrap_or_else(|| {
            let code = KINDS.iter().find(|(kind, _)| *kind == event.name).map_or("", |(_, code)| code);
            met.push(Met { name: event.name.clone(), code, times: 0, told: 0, is_dbts: false });
            met.len() - 1
        });
        let kind = &mut met[at];
        kind.times += 1;
        kind.is_dbts |= !kind.name.starts_with("CustomKey") && !is_lenient(&event);
        let is_told = kind.times == 1 || self.shows_all || ALWAYS_TOLD.contains(&kind.name.as_str());
        kind.told += usize::from(is_told);
        if !kind.code.is_empty() {
            kind.code.clone_into(&mut event.code);
        }
        is_told.then_some(event)
    }

    /// How often each kind was met, if any was; once. A warning where dbt would give one, or not all were told.
    pub fn summary(&self) -> Option<Event> {
        let met = std::mem::take(&mut *self.met.lock().unwrap_or_else(PoisonError::into_inner));
        if met.is_empty() {
            return None;
        }
        let lines = met.iter().map(|it| {
            let word = if it.times == 1 { "occurrence" } else { "occurrences" };
            format!("\n- {}: {} {word}", it.name, it.times)
        });
        let tag = "[WARNING]";
        let mut text = format!("{tag}[DeprecationsSummary]: Summary of encountered deprecations:");
        text.extend(lines);
        let hides_some = met.iter().any(|it| it.told < it.times);
        if hides_some {
            text.push_str("\n  hint: `--show-all-deprecations` tells of each");
        }
        let is_told = hides_some || met.iter().any(|it| it.is_dbts);
        let level = if is_told { Level::Warn } else { Level::Debug };
        let facts: Vec<_> = met
            .iter()
            .map(|it| json!({"event_name": it.name, "event_code": it.code, "occurrences": it.times}))
            .collect();
        let event = Event::new(level, "DeprecationsSummary", text)
            .code("D028")
            .emphasis(0..tag.len(), Tone::Caution)
            .with("show_all_hint", !self.shows_all)
            .with("summaries", facts);
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str) -> Event {
        Event::new(Level::Warn, name, "text")
    }

    #[test]
    fn each_kind_is_told_once_and_counted() {
        let deprecations = Deprecations::new(false);
        let first = deprecations.meet(event("ExposureNameDeprecation")).expect("the first is told");
        assert_eq!(first.code, "D007");
        assert!(deprecations.meet(event("ExposureNameDeprecation")).is_none());
        assert!(deprecations.meet(event("DuplicateYAMLKeysDeprecation")).is_some());
        assert!(deprecations.meet(event("DuplicateYAMLKeysDeprecation")).is_some());
        let summary = deprecations.summary().expect("a summary");
        insta::assert_snapshot!(summary.message, @r"
        [WARNING][DeprecationsSummary]: Summary of encountered deprecations:
        - ExposureNameDeprecation: 2 occurrences
        - DuplicateYAMLKeysDeprecation: 2 occurrences
          hint: `--show-all-deprecations` tells of each
        ");
        assert_eq!(summary.data["summaries"][0]["occurrences"], 2);
        assert!(deprecations.summary().is_none());
    }

    #[test]
    fn all_are_told_on_demand() {
        let deprecations = Deprecations::new(true);
        for _ in 0..2 {
            assert!(deprecations.meet(event("ExposureNameDeprecation")).is_some());
        }
        let summary = deprecations.summary().expect("a summary");
        assert!(!summary.message.contains("hint"), "{}", summary.message);
        assert_eq!(summary.level, Level::Warn, "as dbt has it");
    }

    #[test]
    fn keys_that_dbt_says_nothing_of_are_summed_up_for_nobody() {
        let deprecations = Deprecations::new(false);
        assert!(deprecations.meet(event("CustomKeyInObjectDeprecation")).is_some());
        assert_eq!(deprecations.summary().map(|it| it.level), Some(Level::Debug));
    }
}
