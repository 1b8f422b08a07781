//! Flags: what is given on the command line, by variables and by the project, and what templates and artifacts see of it.

use crate::scene::{Done, Scene};
use serde_json::{Value, json};

const TELL: (&str, &str) = (
    "macros/tell.sql",
    "{% macro tell() %}{{ print('threads ' ~ (flags.THREADS is defined) ~ (flags.full_refresh is defined)) }}\
     {{ print('fast ' ~ flags.FAIL_FAST ~ ' quiet ' ~ flags.QUIET ~ ' empty ' ~ flags.EMPTY) }}\
     {{ print('tests ' ~ flags.INDIRECT_SELECTION ~ ' ' ~ flags.WARN_ERROR_OPTIONS.silence) }}{% endmacro %}",
);

fn project(flags: &str) -> String {
    format!("name: shop\nprofile: shop\nflags: {flags}\n")
}

fn with(scene: &Scene, variables: &[(&str, &str)], line: &str) -> Done {
    let mut command = scene.command(line);
    command.envs(variables.iter().copied());
    Done::of(&command.output().expect("dp starts"))
}

#[tokio::test]
async fn templates_see_dbts_flags_of_line_variable_and_project() {
    let scene = Scene::new(&[TELL]).await;
    let done = scene.good("--quiet run-operation tell --threads 3 --indirect-selection CAUTIOUS");
    assert_eq!(done.text, "threads FalseFalse\nfast False quiet True empty None\ntests cautious []\n");
    let silence =
        "{fail_fast: true, quiet: true, full_refresh: true, warn_error_options: {silence: [UnusedMacro]}}";
    scene.write("dbt_project.yml", &project(silence));
    scene.good("run-operation tell").says("fast True quiet False empty None\ntests eager ['UnusedMacro']");
    with(&scene, &[("DBT_FAIL_FAST", "0")], "run-operation tell").says("fast False");
    with(&scene, &[("DBT_FAIL_FAST", "0")], "run-operation tell -x").says("fast True");
    let both = [("DBT_FAIL_FAST", "0"), ("DBT_ENGINE_FAIL_FAST", "yes")];
    with(&scene, &both, "run-operation tell").says("fast True");
    let empty = with(&scene, &[("DBT_LOG_LEVEL", ""), ("DBT_TARGET", "")], "run-operation tell");
    assert_eq!(empty.code, 0, "{}", empty.text);
    let silent = with(&scene, &[("DBT_NO_PRINT", "1")], "run-operation tell");
    assert!(!silent.text.contains("fast"), "{}", silent.text);
}

#[tokio::test]
async fn a_projects_flag_of_another_kind_counts_for_nothing_and_an_unknown_word_stops() {
    let scene = Scene::new(&[TELL]).await;
    for value in ["1", "'true'", "[]"] {
        scene.write("dbt_project.yml", &project(&format!("{{fail_fast: {value}}}")));
        scene.good("run-operation tell").says("fast False");
    }
    for (flag, word) in [("log_level", "loud"), ("indirect_selection", "some")] {
        scene.write("dbt_project.yml", &project(&format!("{{{flag}: {word}}}")));
        let done = scene.dp("run-operation tell");
        assert_eq!(done.code, 2);
        done.says(&format!("`{flag}: {word}` of `flags` in dbt_project.yml is none of"));
    }
}

#[tokio::test]
async fn arguments_of_a_run_are_dbts() {
    let scene = Scene::new(&[("models/a.sql", "select 1 as id")]).await;
    scene.good("build --sample '3 days' --log-format json --no-fail-fast --event-time-start 2024-01-01 --event-time-end 2024-02-01");
    let arguments = scene.artifact("run_results.json")["args"].clone();
    let told = |key: &str| arguments.get(key).cloned().unwrap_or_default();
    assert_eq!(told("log_format_file"), "json");
    assert_eq!(told("event_time_end"), "2024-02-01T00:00:00");
    assert_eq!(told("warn_error_options"), json!({"error": [], "warn": [], "silence": []}));
    assert_eq!(told("show"), false);
    assert_eq!(told("fail_fast"), Value::Null, "off as by default");
    assert!(told("sample")["start"].as_str().is_some_and(|text| text.ends_with("+00:00")), "{arguments}");
    // What it says can be said again.
    scene.good("retry").says("Nothing to do");
}

#[tokio::test]
async fn options_of_warnings_are_checked() {
    let scene = Scene::new(&[("models/a.sql", "{{ exceptions.warn('careful') }}select 1 as id")]).await;
    for (options, code, words) in [
        ("{error: [JinjaLogWarnings]}", 2, "did you mean `JinjaLogWarning`?"),
        ("{error: [all]}", 2, "`error: all` stands without brackets"),
        ("{warn: [JinjaLogWarning]}", 2, "wants `error: all`"),
        ("{include: all, error: all}", 2, "not both"),
        ("{include: [], error: [JinjaLogWarning]}", 2, "careful"),
        ("{error: all, warn: [JinjaLogWarning]}", 0, "careful"),
        ("{eror: all}", 0, "`eror` in `warn_error_options` means nothing"),
    ] {
        let done = scene.dp(&format!("parse --warn-error-options '{options}'"));
        assert_eq!(done.code, code, "{options}\n{}", done.text);
        done.says(words);
    }
    scene.write("dbt_project.yml", &project("{warn_error: true}"));
    let both = scene.dp("parse --warn-error-options '{silence: [JinjaLogWarning]}'");
    assert_eq!(both.code, 2);
    both.says("not allowed with argument warn_error");
    assert_eq!(with(&scene, &[("DBT_WARN_ERROR", "false")], "parse").code, 0);
}

#[tokio::test]
async fn tests_that_warn_fail_where_their_results_are_errors() {
    let scene =
        Scene::new(&[("tests/t.sql", "{{ config(severity='warn', warn_if='> 0') }}select 1 as id")]).await;
    for (options, code, words) in [
        ("--warn-error", 1, "Got 1 result, configured to fail if > 0"),
        ("--warn-error-options '{error: [LogTestResult]}'", 1, "Got 1 result, configured to fail if > 0"),
        ("--warn-error-options '{error: all, warn: [LogTestResult]}'", 0, "configured to warn if > 0"),
    ] {
        let done = scene.dp(&format!("test {options}"));
        assert_eq!(done.code, code, "{options}\n{}", done.text);
        done.says(words);
    }
}

#[tokio::test]
async fn the_version_is_told_after_a_verb_and_as_dbt_does() {
    let scene = Scene::new(&[]).await;
    for line in ["--version", "run --version", "source freshness -V"] {
        scene.good(line).says("Core:\n  - installed: 1.11.");
    }
}

/// What dbt ends with 2 for.
#[tokio::test]
async fn values_that_say_nothing_are_refused() {
    let scene = Scene::new(&[
        ("models/m.sql", "select 1 as id"),
        ("macros/op.sql", "{% macro op() %}{% endmacro %}"),
    ])
    .await;
    let times = |start: &str| format!("run --event-time-start {start} --event-time-end 2026-01-03");
    for (line, told) in [
        ("parse --vars=".to_owned(), "Invalid value for '--vars'"),
        ("parse --vars null".to_owned(), "Invalid value for '--vars'"),
        ("parse --vars [1]".to_owned(), "Invalid value for '--vars'"),
        ("run-operation op --args=".to_owned(), "Invalid value for '--args'"),
        ("--quiet=true parse".to_owned(), "Option '--quiet' does not take a value."),
        ("parse --no-partial-parse=true".to_owned(), "Option '--no-partial-parse' does not take a value."),
        ("run --threads 0".to_owned(), "`threads` must be greater than 0"),
        (times("2026-01-01T00:00:00Z"), "Invalid value for '--event-time-start'"),
        (times("2026-01-01T00:00"), "Invalid value for '--event-time-start'"),
    ] {
        let done = scene.dp(&line);
        assert_eq!(done.code, 2, "{line}\n{}", done.text);
        done.says(told);
    }
    scene.good("parse --threads 0 --vars {}");
    scene.good("run-operation op");
    scene.good(&times("2026-01-01T00:00:00"));
    scene.good("--no-quiet parse");
}

#[tokio::test]
async fn variables_are_read_as_dbt_reads_them() {
    let scene = Scene::new(&[TELL]).await;
    scene.write("dbt_project.yml", &project("{fail_fast: true, write_json: false}"));
    let empty = [("DBT_FAIL_FAST", ""), ("DBT_WRITE_JSON", "")];
    with(&scene, &empty, "run-operation tell").says("fast True");
    scene.write("dbt_project.yml", &project("{}"));
    for (name, code) in [("DBT_NO_PRINT", 0), ("DBT_ENGINE_NO_PRINT", 0)] {
        let done = with(&scene, &[(name, "1")], "run-operation tell");
        assert_eq!(done.code, code, "{}", done.text);
        assert!(!done.text.contains("fast"), "{}", done.text);
        done.says(&format!("`{name}` has been renamed as `DBT_ENGINE_PRINT`"));
    }
    for name in ["DBT_NO_PRINT", "DBT_ENGINE_DEFER_TO_STATE", "DBT_SHOW_RESOURCE_REPORT"] {
        assert_eq!(with(&scene, &[(name, "maybe")], "parse").code, 2, "{name}");
    }
    for name in ["DBT_INTROSPECT", "DBT_SHOW_ALL_DEPRECATIONS"] {
        assert_eq!(with(&scene, &[(name, "maybe")], "parse").code, 0, "{name} is none of dbt's");
    }
    with(&scene, &[("DBT_SHOW_RESOURCE_REPORT", "1")], "parse")
        .says("Resource report: {\"command_name\": \"parse\"");
    with(&scene, &[("DBT_PRINTER_WIDTH", "-1")], "run-operation tell --log-file-max-bytes -1").says("fast");
}

#[tokio::test]
async fn folders_that_flags_name_must_be_there() {
    let scene = Scene::new(&[("models/a.sql", "select 1 as id")]).await;
    for verb in ["parse", "run", "ls", "clean", "retry", "source freshness", "docs generate"] {
        for flag in ["--profiles-dir", "--project-dir"] {
            let done = scene.dp(&format!("{verb} {flag} nowhere"));
            assert_eq!(done.code, 2, "{verb} {flag}");
            done.says(&format!("Invalid value for '{flag}': Path 'nowhere' does not exist."));
        }
    }
    assert_eq!(with(&scene, &[("DBT_PROFILES_DIR", "nowhere")], "parse").code, 2);
    scene.good("deps --profiles-dir nowhere");
    // Verbs without nodes to run need no threads.
    for line in ["parse --threads -1", "source freshness --threads -1"] {
        scene.good(line);
    }
    for line in ["run --threads -1", "show --select a --threads 0", "compile --threads -1"] {
        let done = scene.dp(line);
        assert_eq!(done.code, 2, "{line}");
        done.says("`threads` must be greater than 0");
    }
}

#[tokio::test]
async fn the_version_that_a_project_wants_is_told_before_its_other_mistakes() {
    let scene = Scene::new(&[]).await;
    for version in ["'>=2.0.0'", "['>=1.0.0', '<1.5.0']"] {
        let text = format!("name: shop\nprofile: shop\nmodels: 3\nrequire-dbt-version: {version}\n");
        scene.write("dbt_project.yml", &text);
        let done = scene.dp("parse");
        assert_eq!(done.code, 2);
        done.says("This version of dbt is not supported");
    }
    assert!(!scene.dp("parse --no-version-check").text.contains("not supported"));
}

#[tokio::test]
async fn the_target_folder_that_is_cleaned_is_the_one_in_use() {
    let scene = Scene::new(&[]).await;
    for (line, cleaned) in [("clean --target-path other", true), ("clean", false)] {
        scene.write("other/file", "");
        scene.good(line);
        assert_eq!(!scene.path("other").exists(), cleaned, "{line}");
    }
    scene.dp("clean --target-path /elsewhere").says("will not clean the following directories outside");
    // What a link leads to is deleted, if it may be.
    scene.write("target/file", "");
    scene.write("dbt_project.yml", "name: shop\nprofile: shop\nclean-targets: [link]\n");
    std::os::unix::fs::symlink(scene.path("target"), scene.path("link")).expect("linked");
    scene.good("clean");
    assert!(!scene.path("target").exists());
}

#[tokio::test]
async fn arguments_of_an_operation_are_dbts() {
    let scene = Scene::new(&[TELL]).await;
    scene.good("run-operation tell --threads 3 --defer --state nowhere");
    let arguments = scene.artifact("run_results.json")["args"].clone();
    for (key, value) in [("threads", json!(3)), ("full_refresh", json!(false)), ("fail_fast", json!(false))] {
        assert_eq!(arguments[key], value, "{key}");
    }
    for key in ["args", "warn_error_options", "sqlparse"] {
        assert!(arguments.get(key).is_none(), "{key}");
    }
    scene.good("run-operation tell --args {}");
    assert_eq!(scene.artifact("run_results.json")["args"]["args"], json!({}));
}
