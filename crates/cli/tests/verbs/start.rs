//! init: a project that builds, with and without a profile; nothing is asked where nobody is.

use crate::scene::Scene;
use std::fs;

#[tokio::test]
async fn a_new_project_builds_and_its_profile_is_there_once() {
    let scene = Scene::new(&[]).await;
    fs::remove_file(scene.path("dbt_project.yml")).expect("removed");
    scene.good("init bakery --profiles-dir made");
    let profile = fs::read_to_string(scene.path("made/profiles.yml")).expect("a profile");
    assert!(profile.starts_with("bakery:\n  target: dev\n"), "{profile}");

    fs::remove_file(scene.path("made/profiles.yml")).expect("removed");
    scene.good("init bakery --profiles-dir made").says("A project called bakery already exists here");
    assert!(!scene.path("made/profiles.yml").exists());
    fs::write(scene.path("made/profiles.yml"), &profile).expect("written");
    let unknown = scene.dp("init bakers --profile shops");
    assert_eq!(unknown.code, 2);
    unknown.says("Could not find profile named 'shops'");
    assert!(!scene.path("bakers").exists());
    // Where nobody says where profiles.yml is, it is the one that other commands read.
    let here = fs::read_to_string(scene.path("profiles.yml")).expect("a profile");
    scene.good("init baker");
    let both = fs::read_to_string(scene.path("profiles.yml")).expect("two profiles");
    assert!(both.starts_with(&here) && both[here.len()..].starts_with("baker:\n"), "{both}");
    scene.good("init --project-dir bakery --profiles-dir made").says("exists already in");
    assert_eq!(fs::read_to_string(scene.path("made/profiles.yml")).expect("a profile"), profile);

    scene.good("build --project-dir bakery --profiles-dir . --profile shop");
    assert_eq!(scene.texts("select count(*)::text from dev.greetings").await, ["2"]);
}

#[tokio::test]
async fn a_project_wants_a_name_and_can_go_without_a_profile() {
    let scene = Scene::new(&[]).await;
    fs::remove_file(scene.path("dbt_project.yml")).expect("removed");
    let nameless = scene.dp("init");
    assert_eq!(nameless.code, 2);
    nameless.says("dp init my_project");
    let wrong = scene.dp("init 1-bakery");
    assert_eq!(wrong.code, 2);
    wrong.says("is not a valid project name");
    scene.good("init bakery --skip-profile-setup --profiles-dir made");
    assert!(!scene.path("made/profiles.yml").exists());
}

#[tokio::test]
async fn debug_finds_the_only_profile_and_tells_of_the_project_also_where_it_only_connects() {
    let scene = Scene::new(&[]).await;
    scene.write("dbt_project.yml", "name: shop\n");
    scene.good("debug");
    for (project, code) in
        [("name: 1shop\n", 1), ("name: [shop\n", 2), ("name: shop\nmodels: \"{{ var('x') }}\"\n", 2)]
    {
        scene.write("dbt_project.yml", project);
        assert_eq!(scene.dp("debug --connection").code, code, "{project}");
    }
    fs::remove_file(scene.path("dbt_project.yml")).expect("removed");
    let outside = scene.dp("debug --connection");
    assert_eq!(outside.code, 1);
    outside.says("Connection test: [OK connection ok]");
}

/// Postgres has no catalogs; what dbt's adapter refuses is refused, and by the same verbs.
#[tokio::test]
async fn catalogs_are_checked_where_nodes_are_made() {
    let scene = Scene::new(&[("models/m.sql", "select 1 as id")]).await;
    let integration = |name: &str| format!("{{name: {name}, catalog_type: built_in}}");
    let (one, two) = (integration("one"), integration("two"));
    for (file, told) in [
        ("catalogs: [{name: c}]".to_owned(), "must specify an 'active_write_integration' when multiple"),
        (
            format!(
                "catalogs: [{{name: c, write_integrations: [{one}, {two}], active_write_integration: three}}]"
            ),
            "from its set of defined 'write_integrations': ['one', 'two']. Got: 'three'",
        ),
        (
            format!(
                "catalogs: [{{name: c, write_integrations: [{one}, {one}], active_write_integration: one}}]"
            ),
            "cannot have multiple 'write_integrations' with the same name: 'one'",
        ),
        (
            "catalogs: [{name: c, write_integrations: [{name: a}]}]".to_owned(),
            "'catalog_type' is a required property",
        ),
        (format!("catalogs: [{{name: c, write_integrations: [{one}]}}]"), "Catalog type is not supported"),
        (String::new(), "is empty"),
    ] {
        scene.write("catalogs.yml", &file);
        let done = scene.dp("parse");
        assert_eq!(done.code, 2, "{file}\n{}", done.text);
        done.says(told);
        scene.good("ls");
    }
    scene.write("catalogs.yml", "catalogs: []");
    scene.good("parse");
    scene.write("models/m.sql", "{{ config(catalog_name='c') }} select 1 as id");
    let done = scene.dp("ls");
    assert_eq!(done.code, 2, "{}", done.text);
    done.says("Catalog not found");
    // As in dbt, a disabled one is none the less read.
    scene.write("models/m.sql", "{{ config(catalog_name='c', enabled=false) }} select 1 as id");
    assert_eq!(scene.dp("ls").code, 2);
}

/// As in dbt, where nothing is looked up before a template asks.
#[tokio::test]
async fn what_asks_nothing_compiles_without_a_server() {
    let scene = Scene::new(&[("models/a.sql", "select {{ 1 + 1 }} as id from {{ ref('b') }}")]).await;
    scene.write("models/b.sql", "select 1 as id");
    let output = "{type: postgres, host: 127.0.0.1, port: 1, user: u, dbname: d, schema: s, threads: 2}";
    scene.write("profiles.yml", &format!("shop: {{target: dev, outputs: {{dev: {output}}}}}"));
    assert_eq!(scene.dp("compile").code, 2);
    scene.good("compile --no-populate-cache");
    let sql = fs::read_to_string(scene.path("target/compiled/shop/models/a.sql")).expect("compiled");
    assert_eq!(sql, "select 2 as id from \"d\".\"s\".\"b\"");
    scene.write("models/b.sql", "select {{ run_query('select 1') }} as id");
    let done = scene.dp("compile --no-populate-cache");
    assert_eq!(done.code, 2, "{}", done.text);
    done.says("127.0.0.1:1");
}

/// A profile that works here works under dbt.
#[tokio::test]
async fn a_profile_holds_what_dbt_takes() {
    let scene = Scene::new(&[("models/m.sql", "select 1 as id")]).await;
    let output =
        |more: &str| format!("{{type: postgres, host: localhost, user: u, dbname: d, schema: s, {more}}}");
    let target = |more: &str| format!("shop: {{target: dev, outputs: {{dev: {}}}}}", output(more));
    let credentials = "Credentials in profile \"shop\", target \"dev\" invalid: ";
    for (profiles, told) in [
        (target("port: 5432, password: p, threads: 4"), None),
        (target("port: \"{{ '5432' | as_number }}\", password: '1', role: null"), None),
        (target("port: '5432'"), Some("'5432' is not of type 'integer'")),
        (target("port: \"{{ 5432 }}\""), Some("'5432' is not of type 'integer'")),
        (target("port: 5432, password: 98765"), Some("the password is not of type 'string'")),
        (target("port: '5432', password: hush98765"), Some("'5432' is not of type 'integer'")),
        (target("port: 5432, search_path: [a]"), Some("['a'] is not valid under any of the given schemas")),
        (target("port: 5432, threads: null"), Some("None is not of type 'integer'")),
    ] {
        scene.write("profiles.yml", &profiles);
        let done = scene.dp("parse");
        assert_eq!(done.code, if told.is_some() { 2 } else { 0 }, "{profiles}\n{}", done.text);
        if let Some(told) = told {
            done.says(&format!("{credentials}{told}"));
            assert!(!done.text.contains("98765"), "{}", done.text);
        }
    }
    for (profiles, told) in [
        (target("port: 5432").replace("target: dev", "target: null"), "does not have a target named 'None'"),
        (target("port: 5432, role: \"{{ target.name }}\""), "'target' is undefined"),
        (target("port: 5432, role: \"{{ project_name.x }}\""), "'project_name' is undefined"),
        (
            target("port: 5432, pass: \"{{ env_var('DP_NOPE') }}\""),
            "Env var required but not provided: 'DP_NOPE'",
        ),
    ] {
        scene.write("profiles.yml", &profiles);
        let done = scene.dp("parse");
        assert_eq!(done.code, 2, "{profiles}\n{}", done.text);
        done.says(told);
    }
    // Whatever is wrong, no word of a password is shown or logged.
    for (password, told) in [
        ("\"hush98765", "unclosed quote"),
        ("hush98765: {", "Syntax error near line"),
        ("!hush98765 x", "could not determine a constructor for the tag"),
        ("\"hush98765{{ nope( }}\"", "The password is taken as it is written: unexpected '}'"),
        ("\"hush98765{{ env_var('DP_NOPE') }}\"", "written: Env var required but not provided: 'DP_NOPE'"),
        ("p, pasword: hush98765", "unknown key `pasword`"),
    ] {
        scene.write("profiles.yml", &target(&format!("port: 5432, password: {password}")));
        for verb in ["parse", "debug"] {
            let done = scene.dp(verb);
            assert!(!done.text.contains("98765"), "{password}\n{}", done.text);
            if verb == "parse" {
                done.says(told);
            }
        }
    }
    let log = fs::read_to_string(scene.path("logs/dbt.log")).expect("written");
    assert!(!log.contains("98765"), "{log}");
    // What is no YAML ends `debug` too; any other fault is one of its findings.
    scene.write("profiles.yml", "shop: {target: dev");
    assert_eq!(scene.dp("debug").code, 2);
    scene.write("profiles.yml", "shop: {target: dev}");
    assert_eq!(scene.dp("debug").code, 1);
}

/// As in dbt, also where no other artifact is wanted.
#[tokio::test]
async fn parsing_tells_how_long_it_took() {
    let scene = Scene::new(&[
        ("models/m.sql", "select 1 as id"),
        ("models/n.sql", "select * from {{ ref('m') }}"),
        ("models/s.yml", "models: [{name: m}]"),
    ])
    .await;
    scene.good("parse --no-write-json --no-partial-parse").says("Performance info: ");
    assert!(!scene.path("target/manifest.json").exists());
    let text = fs::read_to_string(scene.path("target/perf_info.json")).expect("written");
    let told: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((&told["path_count"], &told["static_analysis_path_count"]), (&3.into(), &2.into()));
    assert_eq!(told["is_partial_parse_enabled"], false);
    assert_eq!(told["is_static_analysis_enabled"], true);
    assert_eq!(told["projects"][0]["parsers"][0]["parser"], "model");
    assert_eq!(told["projects"][0]["parsers"][0]["parsed_path_count"], 2);
    assert!(told["load_all_elapsed"].as_f64() >= told["parse_project_elapsed"].as_f64());
}
