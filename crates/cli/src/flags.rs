//! Flags beyond the command line: YAML values, `flags:` of the project, dbt's defaults.

use crate::arguments::Global;
use crate::exit::Stop;
use clap::ValueEnum;
use serde_json::{Map, Value, json};

/// Reads a flag that is a YAML mapping.
pub fn yaml_map(flag: &str, text: Option<&str>) -> Result<Map<String, Value>, Stop> {
    let Some(text) = text else { return Ok(Map::new()) };
    let refused = |why: &str| Stop::usage(format!("Invalid value for '{flag}': String '{text}' {why}"));
    let document = project::yaml::parse(flag, text).map_err(|_| refused("is not valid YAML"))?;
    match document.root.to_json() {
        Value::Object(map) => Ok(map),
        _ => Err(refused("is not valid YAML of a dictionary: '{name: value}'")),
    }
}

/// Fills flags that were not given from `flags:` of dbt_project.yml; as in dbt, not every flag may stand there, and a value
/// of another type counts for nothing.
pub fn fill_from_project(global: &mut Global, flags: &Map<String, Value>) -> Result<(), Stop> {
    let boolean = |name: &str| flags.get(name).and_then(Value::as_bool);
    let Global { logging, behaviour, .. } = global;
    for (flag, name) in [
        (&mut logging.debug, "debug"),
        (&mut logging.use_colors, "use_colors"),
        (&mut logging.use_colors_file, "use_colors_file"),
        (&mut behaviour.fail_fast, "fail_fast"),
        (&mut behaviour.write_json, "write_json"),
        (&mut behaviour.version_check, "version_check"),
        (&mut behaviour.populate_cache, "populate_cache"),
        (&mut behaviour.cache_selected_only, "cache_selected_only"),
        (&mut behaviour.partial_parse, "partial_parse"),
        (&mut behaviour.static_parser, "static_parser"),
        (&mut behaviour.use_experimental_parser, "use_experimental_parser"),
        (&mut behaviour.send_anonymous_usage_stats, "send_anonymous_usage_stats"),
    ] {
        *flag = flag.or_else(|| boolean(name));
    }
    fill_choice(&mut logging.log_format, flags, "log_format")?;
    fill_choice(&mut logging.log_format_file, flags, "log_format_file")?;
    fill_choice(&mut logging.log_level, flags, "log_level")?;
    fill_choice(&mut logging.log_level_file, flags, "log_level_file")?;
    fill_choice(&mut behaviour.indirect_selection, flags, "indirect_selection")?;
    let width = || flags.get("printer_width").and_then(Value::as_i64);
    logging.printer_width = logging.printer_width.or_else(width);
    behaviour.warn_error = behaviour.warn_error.or_else(|| boolean("warn_error"));
    Ok(())
}

/// A flag that is one of some words.
fn fill_choice<T: ValueEnum>(
    flag: &mut Option<T>,
    project: &Map<String, Value>,
    name: &str,
) -> Result<(), Stop> {
    let Some(text) = project.get(name).and_then(Value::as_str).filter(|_| flag.is_none()) else {
        return Ok(());
    };
    let read = T::from_str(text, true).map_err(|_| {
        let known = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        let known: Vec<String> = known.map(|it| it.get_name().to_owned()).collect();
        Stop::usage(format!("`{name}: {text}` of `flags` in dbt_project.yml is none of {}", known.join(", ")))
    })?;
    *flag = Some(read);
    Ok(())
}

/// Behaviour that projects switch by `flags:`, and what dbt does where none says
/// (<https://docs.getdbt.com/reference/global-configs/behavior-changes>).
const BEHAVIOURS: [(&str, bool); 14] = [
    ("require_all_warnings_handled_by_warn_error", false),
    ("require_batched_execution_for_custom_microbatch_strategy", false),
    ("require_explicit_package_overrides_for_builtin_materializations", true),
    ("require_generic_test_arguments_property", true),
    ("require_nested_cumulative_type_params", false),
    ("require_ref_searches_node_package_before_root", false),
    ("require_resource_names_without_spaces", true),
    ("require_unique_project_resource_names", false),
    ("require_yaml_configuration_for_mf_time_spines", false),
    ("skip_nodes_if_on_run_start_fails", false),
    ("source_freshness_run_project_hooks", true),
    ("state_modified_compare_more_unrendered_values", false),
    ("state_modified_compare_vars", false),
    ("validate_macro_args", false),
];

/// The behaviour of a project with these `flags:`.
pub fn behaviours(project: &Map<String, Value>) -> Map<String, Value> {
    let value = |name: &str, default| project.get(name).and_then(Value::as_bool).unwrap_or(default);
    BEHAVIOURS.iter().map(|(name, default)| ((*name).to_owned(), value(name, *default).into())).collect()
}

/// dbt's defaults of a verb's flags, as `args` of run_results.json shows them.
pub fn defaults(verb: &str) -> Map<String, Value> {
    let mut defaults = of_all_verbs();
    let more = match verb {
        "build" => {
            json!({"empty": false, "export_saved_queries": false, "include_saved_query": false, "show": false})
        }
        "compile" => json!({"empty": false, "inject_ephemeral_ctes": true, "output": "text"}),
        "generate" => json!({"compile": true, "empty_catalog": false, "static": false}),
        "run" | "snapshot" => json!({"empty": false}),
        "seed" => json!({"show": false}),
        "run-operation" => json!({
            "debug": false, "fail_fast": false, "full_refresh": false, "log_cache_events": false,
            "single_threaded": false, "store_failures": false, "use_experimental_parser": false,
        }),
        "show" => json!({"output": "text"}),
        _ => json!({}),
    };
    defaults.extend(map(more));
    if !matches!(verb, "run-operation" | "clean" | "debug" | "deps" | "init" | "parse") {
        defaults.extend(map(json!({"select": [], "exclude": []})));
    }
    defaults
}

fn of_all_verbs() -> Map<String, Value> {
    map(json!({
        "cache_selected_only": false,
        "defer": false,
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
        "send_anonymous_usage_stats": false,
        "show_all_deprecations": false,
        "show_resource_report": false,
        "sqlparse": {"MAX_GROUPING_DEPTH": null, "MAX_GROUPING_TOKENS": null},
        "static_parser": true,
        "strict_mode": false,
        "use_colors": true,
        "upload_to_artifacts_ingest_api": false,
        "use_colors_file": true,
        "use_fast_test_edges": false,
        "version_check": true,
        "warn_error_options": {"error": [], "warn": [], "silence": []},
        "write_json": true,
    }))
}

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
