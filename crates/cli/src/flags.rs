//! Flags beyond the command line: YAML values, `flags:` of the project, dbt's defaults.

use crate::arguments::{Global, LogFormat, LogLevel};
use crate::exit::Stop;
use clap::ValueEnum as _;
use serde_json::{Map, Value, json};
use std::path::Path;

/// Reads a flag that is a YAML mapping.
pub fn yaml_map(flag: &str, text: Option<&str>) -> Result<Map<String, Value>, Stop> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return Ok(Map::new()) };
    let document = project::yaml::parse(flag, text).map_err(|_| {
        Stop::runtime(format!("Invalid value for '{flag}': String '{text}' is not valid YAML"))
    })?;
    match document.root.to_json() {
        Value::Object(map) => Ok(map),
        Value::Null => Ok(Map::new()),
        _ => Err(Stop::runtime(format!(
            "The {flag} argument must be a YAML dictionary, but was of type {}",
            document.root.type_name()
        ))),
    }
}

/// Fills flags that were not given from `flags:` of dbt_project.yml.
///
/// A file that cannot be read is told about when the project is read.
pub fn fill_from_project(global: &mut Global, folder: &Path) {
    let Ok(text) = std::fs::read_to_string(folder.join("dbt_project.yml")) else { return };
    if !text.contains("flags:") {
        return;
    }
    let Ok(document) = project::yaml::parse("dbt_project.yml", text) else { return };
    let Some(Value::Object(flags)) = document.root.get("flags").map(project::yaml::Node::to_json) else {
        return;
    };
    let boolean = |name: &str| flags.get(name).and_then(Value::as_bool);
    let text = |name: &str| flags.get(name).and_then(Value::as_str);
    let Global { logging, behaviour, .. } = global;
    for (flag, name) in [
        (&mut logging.debug, "debug"),
        (&mut logging.use_colors, "use_colors"),
        (&mut logging.use_colors_file, "use_colors_file"),
        (&mut logging.log_cache_events, "log_cache_events"),
        (&mut logging.quiet, "quiet"),
        (&mut logging.show_all_deprecations, "show_all_deprecations"),
        (&mut behaviour.fail_fast, "fail_fast"),
        (&mut behaviour.write_json, "write_json"),
        (&mut behaviour.version_check, "version_check"),
        (&mut behaviour.introspect, "introspect"),
        (&mut behaviour.populate_cache, "populate_cache"),
        (&mut behaviour.cache_selected_only, "cache_selected_only"),
        (&mut behaviour.partial_parse, "partial_parse"),
        (&mut behaviour.static_parser, "static_parser"),
        (&mut behaviour.use_experimental_parser, "use_experimental_parser"),
        (&mut behaviour.send_anonymous_usage_stats, "send_anonymous_usage_stats"),
    ] {
        *flag = flag.or_else(|| boolean(name));
    }
    let format = |name: &str| text(name).and_then(|text| LogFormat::from_str(text, true).ok());
    let level = |name: &str| text(name).and_then(|text| LogLevel::from_str(text, true).ok());
    logging.log_format = logging.log_format.or_else(|| format("log_format"));
    logging.log_format_file = logging.log_format_file.or_else(|| format("log_format_file"));
    logging.log_level = logging.log_level.or_else(|| level("log_level"));
    logging.log_level_file = logging.log_level_file.or_else(|| level("log_level_file"));
    if behaviour.indirect_selection.is_none() {
        behaviour.indirect_selection = text("indirect_selection").map(str::to_owned);
    }
    if behaviour.warn_error.is_none() && behaviour.warn_error_options.is_none() {
        behaviour.warn_error = boolean("warn_error");
        behaviour.warn_error_options = flags.get("warn_error_options").map(Value::to_string);
    }
}

/// Behaviour that projects switch by `flags:`, and what dbt does where none says
/// (<https://docs.getdbt.com/reference/global-configs/behavior-changes>).
const BEHAVIOURS: [(&str, bool); 17] = [
    ("require_all_warnings_handled_by_warn_error", false),
    ("require_batched_execution_for_custom_microbatch_strategy", false),
    ("require_explicit_package_overrides_for_builtin_materializations", true),
    ("require_generic_test_arguments_property", true),
    ("require_nested_cumulative_type_params", false),
    ("require_ref_searches_node_package_before_root", false),
    ("require_resource_names_without_spaces", true),
    ("require_unique_project_resource_names", false),
    ("require_yaml_configuration_for_mf_time_spines", false),
    ("show_all_deprecations", false),
    ("skip_nodes_if_on_run_start_fails", false),
    ("source_freshness_run_project_hooks", true),
    ("state_modified_compare_more_unrendered_values", false),
    ("state_modified_compare_vars", false),
    ("upload_to_artifacts_ingest_api", false),
    ("use_fast_test_edges", false),
    ("validate_macro_args", false),
];

/// The behaviour of a project with these `flags:`.
pub fn behaviours(project: &Map<String, Value>) -> Map<String, Value> {
    let value = |name: &str, default| project.get(name).and_then(Value::as_bool).unwrap_or(default);
    BEHAVIOURS.iter().map(|(name, default)| ((*name).to_owned(), value(name, *default).into())).collect()
}

/// dbt's defaults of flags, as `args` of run_results.json shows them.
pub fn defaults() -> Map<String, Value> {
    let defaults = json!({
        "cache_selected_only": false,
        "defer": false,
        "empty": false,
        "exclude": [],
        "favor_state": false,
        "indirect_selection": "eager",
        "introspect": true,
        "log_file_max_bytes": 10_485_760,
        "log_format": "default",
        "log_format_file": "debug",
        "log_level": "info",
        "log_level_file": "debug",
        "macro_debugging": false,
        "partial_parse": true,
        "partial_parse_file_diff": true,
        "populate_cache": true,
        "print": true,
        "printer_width": 80,
        "quiet": false,
        "select": [],
        "send_anonymous_usage_stats": false,
        "show_resource_report": false,
        "static_parser": true,
        "strict_mode": false,
        "use_colors": true,
        "use_colors_file": true,
        "version_check": true,
        "warn_error_options": {"error": [], "warn": [], "silence": []},
        "write_json": true,
    });
    match defaults {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
