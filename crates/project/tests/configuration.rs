//! What properties and configuration may say, and how their levels come together.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on says so and fails"
)]

mod reading;

use reading::{manifest, refused};
use serde_json::json;

#[test]
fn every_property_has_its_form() {
    let model = ("models/m.sql", "select 1 as id");
    let of = |yaml: &str, told: &str| refused(&[model, ("models/m.yml", yaml)], told);
    of("models:\n- name: m\n  columns:\n", "at path ['columns']: None is not of type 'array'");
    of(
        "models:\n- name: m\n  columns:\n  - {name: id, tags: x}\n",
        "at path ['columns'][0]['tags']: 'x' is not of type 'array'",
    );
    of(
        "models:\n- name: m\n  versions:\n  - {v: 1, columns: [{include: all, except: [id]}]}\n",
        "at path ['versions'][0]['columns'][0]: {'include': 'all', 'except': ['id']} is not valid under any of the \
         given schemas",
    );
    of(
        "exposures:\n- {name: e, type: ml, owner: {name: us}, materialized: view}\n",
        "at path []: Additional properties are not allowed ('materialized' was unexpected)",
    );
    of(
        "unit_tests:\n- {name: u, model: m, given: [], expect: {rows: [[1]]}}\n",
        "at path ['expect']['rows']: [[1]] is not valid under any of the given schemas",
    );
    of(
        "unit_tests:\n- {name: u, model: m, expect: {rows: []}}\n",
        "at path []: 'given' is a required property",
    );
    of("macros: [{name: m, config: {meta: x}}]", "at path ['config']['meta']: 'x' is not valid under any");
    of("sources: [{name: s, config: {meta: null}, tables: []}]", "at path ['config']['meta']: None is not");
    of(
        "models: [{name: m, columns: [{name: id, config: {tags: 5}}]}]",
        "at path ['columns'][0]['config']['tags']: 5 is not valid",
    );
    of(
        "models: [{name: m, columns: [{name: id, data_tests: [{unique: {name: 5}}]}]}]",
        "at path ['name']: 5 is not of type 'string'",
    );
    of("snapshots: [{name: s, relation: null}]", "Invalid jinja expression: None");
    of("models:\n- 5\n", "a list element for 'models' is not a dictionary");
    of("models:\n- name: m\n  config: {tags: [a, 1]}\n", "at path ['tags']: ['a', 1] is not valid");
    of(
        "models:\n- name: m\n  config: {pre-hook: [false]}\n",
        "at path ['pre-hook'][0]: False is not of type",
    );
    // What is said of a package's source has a form of its own.
    manifest(&[
        model,
        ("models/m.yml", "sources:\n- {name: s, overrides: other, tags: null, tables: null}\n"),
    ]);
    let of_project = |line: &str, told: &str| {
        refused(&[model, ("dbt_project.yml", &format!("name: shop\nprofile: shop\n{line}\n"))], told);
    };
    of_project("version: one", "at path ['version']: 'one' is not valid under any of the given schemas");
    of_project("quoting: {schema: yes please}", "at path ['quoting']: {'schema': 'yes please'} is not valid");
    of_project("quoting: {schema: \"{{ 'yes' }}\"}", "at path ['quoting']: {'schema': 'yes'} is not valid");
    let rendered = "name: shop\nprofile: shop\nquoting: {schema: \"{{ target.type == 'other' }}\"}\n";
    let read = manifest(&[model, ("dbt_project.yml", rendered)]);
    assert_eq!(read.nodes["model.shop.m"].relation_name.as_deref(), Some("\"db\".shop.\"m\""));
    of_project("restrict-access: 1", "at path ['restrict-access']: 1 is not of type 'boolean'");
    of_project("model-paths: \"{{ nope }}\"", "at path ['model-paths']: Undefined is not valid under any");
    of_project("models: \"{{ nope }}\"", "at path ['models']: Undefined is not");
    of_project("require-dbt-version: ''", "\"\" is not a valid semantic version.");
    of_project("config-version: [2]", "at path ['config-version']: [2] is not valid under any");
    of_project("config-version: 1", "Got an unexpected project version=1, expected 2");
    // Templates of a node's or a connection's are read later.
    manifest(&[
        model,
        ("dbt_project.yml", "name: shop\nprofile: shop\nproject-root: [1]\nquery-comment: '{{ nope }}'\n"),
    ]);
    of_project("functions:", "at path ['functions']: None is not of type 'object'");
    of_project("packages: [{a: 1}]", "at path ['packages'][0]: {'a': 1} is not valid under any");
}

#[test]
fn what_a_template_gives_and_is_not_there_is_no_value() {
    let model = ("models/m.sql", "select 1 as id");
    let of = |yaml: &str, told: &str| refused(&[model, ("models/m.yml", yaml)], told);
    of("models: [{name: m, access: '{{ nope }}'}]", "at path ['access']: Undefined is not valid under any");
    of("models: [{name: m, config: {meta: {a: ['{{ nope }}']}}}]", "A value of 'm' is Undefined");
    let test =
        "models: [{name: m, columns: [{name: id, data_tests: [{unique: {config: {KEY: '{{ nope }}'}}}]}]}]";
    of(&test.replace("KEY", "severity"), "at path ['severity']: Undefined is not of type 'string'");
    of(&test.replace("KEY", "where"), "at path ['where']: Undefined is not valid under any");
    let of_project = |line: &str, told: &str| {
        refused(&[model, ("dbt_project.yml", &format!("name: shop\nprofile: shop\n{line}\n"))], told);
    };
    of_project("quoting: {schema: '{{ nope }}'}", "at path ['quoting']: ");
    of_project("models: {shop: {+schema: '{{ nope }}'}}", "A configuration is Undefined");
    // A description is a text, whatever its template gives, and `dbt-cloud` is not for us to read.
    manifest(&[
        model,
        ("models/m.yml", "models: [{name: m, description: '{{ nope }}'}]"),
        ("dbt_project.yml", "name: shop\nprofile: shop\ndbt-cloud: {a: '{{ nope }}'}\n"),
    ]);
}

#[test]
fn seeds_have_an_access_and_an_empty_name_is_none() {
    let seed = ("seeds/s.csv", "id\n1\n");
    for told in ["access: open", "config: {access: open}"] {
        let properties = format!("seeds: [{{name: s, {told}}}]");
        refused(&[seed, ("seeds/s.yml", &properties)], "at path ['access']: 'open' is not one of");
    }
    let found = manifest(&[
        seed,
        ("seeds/s.yml", "seeds: [{name: s, access: public, config: {alias: ''}}]"),
        (
            "models/s.yml",
            "snapshots: [{name: h, relation: ref('s'), config: {strategy: check, check_cols: all, unique_key: id, \
             target_schema: ''}}]\nsources: [{name: o, config: {tags: [a, 1, null]}, tables: [{name: t}]}]",
        ),
    ]);
    let seed = &found.nodes["seed.shop.s"];
    assert_eq!((seed.config.text("access"), seed.alias.as_str()), (Some("public"), "s"));
    assert_eq!(found.nodes["snapshot.shop.h"].schema, "shop");
    assert_eq!(found.sources["source.shop.o.t"].tags, ["a"]);
}

#[test]
fn the_query_comment_is_told_of_before_any_statement_carries_it() {
    let of = |comment: &str, told: &str| {
        let project = format!("name: shop\nprofile: shop\nquery-comment: {comment}\n");
        refused(&[("models/m.sql", "select 1 as id"), ("dbt_project.yml", &project)], told);
    };
    of("'{{ nope() }}'", "'nope' is undefined");
    of("{comment: '{{ node.name.x() }}'}", "has no attribute 'name'");
    of("a */", "query comment contains illegal value \"*/\": a */");
}

#[test]
fn unrendered_configuration_is_what_the_calls_say() {
    let unrendered = |text: &str| {
        let manifest = manifest(&[("models/m.sql", text)]);
        serde_json::to_value(&manifest.nodes["model.shop.m"].unrendered_config).unwrap()
    };
    // A template of nothing but calls with literals is read without being rendered, and what it says replaces.
    assert_eq!(
        unrendered("{{ config(tags='a') }}{{ config(tags=['b'], own=True) }}select 1"),
        serde_json::json!({"tags": ["b"], "own": true})
    );
    for other in ["pre_hook='x'", "own=true", "own=1", "own=none", "own=[{'a': 1}]", "own=('x',)"] {
        let text = format!("{{{{ config(tags='a') }}}}{{{{ config(tags=['b'], {other}) }}}}select 1");
        assert_eq!(unrendered(&text)["tags"], serde_json::json!(["a", "b"]), "{other}");
    }
    assert_eq!(
        unrendered("{{ config(tags='a') }}{{ config(tags='b', pre_hook='x') }}select {{ 1 + 1 }}"),
        serde_json::json!({"tags": ["a", "b"], "pre-hook": ["x"]})
    );
}

#[test]
fn no_hook_right_below_the_models_is_none() {
    let of = |line: &str| format!("name: shop\nprofile: shop\nmodels:\n  {line}:\n");
    let model = ("models/m.sql", "select 1 as id");
    for hooks in ["pre-hook", "post-hook"] {
        let read = manifest(&[("dbt_project.yml", &of(hooks)), model]);
        assert_eq!(read.nodes["model.shop.m"].config.get(hooks), Some(&serde_json::json!([])));
    }
    for hooks in ["+pre-hook", "post_hook"] {
        refused(&[("dbt_project.yml", &of(hooks)), model], "[0]: None is not of type 'object'");
    }
}

#[test]
fn what_stands_below_a_tests_arguments_counts_as_if_it_stood_beside_them() {
    let test = "name: five, description: above, config: {severity: warn, limit: 3}, arguments: {values: [1], \
                description: below, config: {where: id > 1}, tags: [t]}";
    let read = manifest(&[
        (
            "dbt_project.yml",
            "name: shop\nprofile: shop\nflags: {require_generic_test_arguments_property: true}\n",
        ),
        ("models/m.sql", "select 1 as id"),
        (
            "models/m.yml",
            &format!(
                "models: [{{name: m, columns: [{{name: id, data_tests: [{{accepted_values: {{{test}}}}}]}}]}}]"
            ),
        ),
    ]);
    let test = read.nodes.values().find(|it| it.name == "five").unwrap();
    assert_eq!(test.description, "below");
    assert_eq!(test.tags, ["t"]);
    let config = serde_json::to_value(&test.config).unwrap();
    assert_eq!(
        (&config["where"], &config["severity"], &config["limit"]),
        (&"id > 1".into(), &"ERROR".into(), &serde_json::Value::Null)
    );
    let kwargs = &test.only.test_metadata.as_ref().unwrap().kwargs;
    assert_eq!(kwargs.keys().collect::<Vec<_>>(), ["column_name", "values", "model"]);
}

#[test]
fn nothing_takes_no_configuration_back_but_in_the_project_file() {
    let settings =
        "name: shop\nprofile: shop\nmodels:\n  +schema: sales\n  +own: x\n  shop: {plain: {+schema: null}}\n";
    let manifest = manifest(&[
        ("dbt_project.yml", settings),
        ("models/called.sql", "{{ config(schema=none, own=none) }}select 1 as id"),
        ("models/plain/taken_back.sql", "select 1 as id"),
    ]);
    let schema = |id: &str| manifest.nodes[id].config.text("schema").map(str::to_owned);
    assert_eq!(schema("model.shop.called").as_deref(), Some("sales"));
    assert_eq!(schema("model.shop.taken_back"), None);
    // A key of their own says what they want.
    assert_eq!(manifest.nodes["model.shop.called"].config.text("own"), None);
}

#[test]
fn nested_configuration_keeps_the_keys_that_it_has() {
    let manifest = manifest(&[
        ("models/m.sql", "{{ config(docs={'shown': false}, contract={'enforce': true}) }}select 1 as id"),
        (
            "models/m.yml",
            "models:\n- {name: m, config: {freshness: {build_after: {count: 1, period: day, x: 1}}}}\n",
        ),
    ]);
    let config = serde_json::to_value(&manifest.nodes["model.shop.m"].config).unwrap();
    assert_eq!(config["docs"], serde_json::json!({"show": true, "node_color": null}));
    assert_eq!(config["contract"], serde_json::json!({"enforced": false, "alias_types": true}));
    let after = serde_json::json!({"build_after": {"count": 1, "period": "day", "updates_on": "any"}});
    assert_eq!(config["freshness"], after);
}

#[test]
fn unit_tests_say_their_rows() {
    let models = [
        ("models/a.sql", "select 1 as id"),
        ("models/m.sql", "select * from {{ ref('a') }}"),
        ("seeds/s.csv", "id\n1\n"),
    ];
    let unit = |given: &str, expect: &str| {
        format!("unit_tests:\n- {{name: u, model: m, given: [{{{given}}}], expect: {{{expect}}}}}\n")
    };
    let of = |given: &str, expect: &str, told: &str| {
        let yaml = unit(given, expect);
        refused(&[models.as_slice(), &[("models/m.yml", yaml.as_str())]].concat(), told);
    };
    let input = "input: ref('a'), rows: []";
    of(input, "", "Unit test u has expected rows, none");
    of(input, "format: csv", "has expected rows or fixtures which do not match format csv");
    of("input: ref('a'), format: sql, rows: ", "rows: []", "which do not match format sql");
    of("input: ref('a')", "rows: []", "Unable to find seed 'shop.a' for unit tests");
    of("input: this", "rows: []", "has no rows for `this`, which is no seed");
    let yaml = unit("input: ref('s')", "rows: []");
    manifest(&[models.as_slice(), &[("models/m.yml", yaml.as_str())]].concat());
}

#[test]
fn data_tests_are_named_and_configured_as_written() {
    let model = ("models/m.sql", "select 1 as id");
    let of = |test: &str| format!("models:\n- {{name: m, columns: [{{name: id, data_tests: [{test}]}}]}}\n");
    for name in ["1unique", "-unique", "ünique", "''"] {
        refused(&[model, ("models/m.yml", &of(name))], "Test name string did not match expected pattern");
    }
    // What stands behind the name is not read.
    manifest(&[model, ("models/m.yml", &of("unique-ish"))]);
    let config = "{pre_hook: select 1, docs: {show: false}, contract: {enforced: true}, grants: {select: a}}";
    let read = manifest(&[model, ("models/m.yml", &of(&format!("unique: {{config: {config}}}")))]);
    let test = read.nodes.values().find(|node| node.name == "unique_m_id").expect("a test");
    let config = serde_json::to_value(&test.config).expect("JSON");
    assert!(config.get("pre-hook").is_none(), "{config}");
    assert_eq!(config["docs"], serde_json::json!({"show": false}));
    assert_eq!(config["contract"], serde_json::json!({"enforced": true}));
    assert_eq!(config["grants"], serde_json::json!({"select": "a"}));
}

#[test]
fn selectors_are_refused_as_dbt_refuses_them() {
    let of = |definition: &str, told: &str| {
        let yaml = format!("selectors:\n- {{name: s, definition: {definition}}}\n");
        refused(&[("models/m.sql", "select 1 as id"), ("selectors.yml", &yaml)], told);
    };
    of("{union: [m], exclude: [m]}", "Only a single 'union' or 'intersection' key is allowed");
    of("{method: fqn, value: m, exclude: m}", "Invalid value for key \"exclude\". Expected a list.");
    of("{union: [m, {exclude: m}]}", "Invalid value for key \"exclude\". Expected a list.");
    of("{union: [m, {method: nope, value: m}]}", "'nope' is not a valid method name");
    of("{union: [5]}", "Expected a definition");
    of("m, default: 'true'", "Could not parse selector file data: \n'true'");
    of("m, description: 5", "Could not parse selector file data: \n5");
    of("5", "Could not parse selector file data: \n5");
}

#[test]
fn functions_take_what_dbt_takes() {
    let of = |text: &str, told: &str| refused(&[("models/m.sql", text)], told);
    of("{{ fromjson(none) }}", "the JSON object must be str, bytes or bytearray, not NoneType");
    of("{{ tojson([set([1])], 'x') }}", "Object of type set is not JSON serializable");
    of("{{ tojson(modules.datetime.date(2024, 1, 1)) }}", "Object of type date is not JSON serializable");
    of("{{ tojson({(1, 2): 3}) }}", "keys must be str, int, float, bool or None, not tuple");
    of("{{ local_md5(5) }}", "'int' object has no attribute 'encode'");
    of("{{ set_strict(none) }}", "'NoneType' object is not iterable");
    let told = "{{ exceptions.raise_compiler_error(tojson({'b': 10 ** 25, 'a': [1e16]}) ~ set(none, 'd') ~ zip([1], none)) }}";
    of(told, "{\"b\": 10000000000000000000000000, \"a\": [1e+16]}dNone");
}

#[test]
fn quoting_of_a_model_has_no_effect_and_contracts_of_levels_are_merged() {
    let project = "name: shop\nprofile: shop\nmodels: {+contract: {enforced: false, alias_types: false}}\n";
    let found = manifest(&[
        ("dbt_project.yml", project),
        (
            "models/m.sql",
            "{{ config(quoting={'identifier': False}, contract={'enforced': False}) }}select 1 as id",
        ),
    ]);
    let model = &found.nodes["model.shop.m"];
    assert_eq!(model.relation_name.as_deref(), Some("\"db\".\"shop\".\"m\""));
    assert_eq!(model.config.get("contract"), Some(&json!({"enforced": false, "alias_types": false})));
}

#[test]
fn a_name_that_is_nothing_leaves_the_configuration_and_names_nothing() {
    let project = "name: shop\nprofile: shop\nmodels: {+schema: s1, +alias: other}\n";
    let properties = "models: [{name: m, config: {schema: null, alias: null}}]\n";
    let found = manifest(&[
        ("dbt_project.yml", project),
        ("models/m.sql", "select 1 as id"),
        ("models/m.yml", properties),
    ]);
    let model = &found.nodes["model.shop.m"];
    assert_eq!((model.schema.as_str(), model.alias.as_str()), ("shop", "m"));
    assert_eq!(model.config.text("schema"), Some("s1"));
}

#[test]
fn limits_of_sources_are_whole_wherever_they_stand_and_nothing_is_none() {
    let project =
        "name: shop\nprofile: shop\nsources: {shop: {+freshness: {error_after: {count: 2, period: hour}}}}\n";
    let properties = "sources: [{name: s, loaded_at_field: at, tables: [{name: a}, {name: b, config: {freshness: null}}]}]\n";
    let found = manifest(&[("dbt_project.yml", project), ("models/s.yml", properties)]);
    let nothing = json!({"count": null, "period": null});
    let whole = json!({"warn_after": nothing, "error_after": {"count": 2, "period": "hour"}, "filter": null});
    assert_eq!(found.sources["source.shop.s.a"].freshness, Some(whole));
    assert_eq!(found.sources["source.shop.s.b"].freshness, None);
    let project = project.replace("{error_after: {count: 2, period: hour}}", "null");
    let found = manifest(&[("dbt_project.yml", &project), ("models/s.yml", properties)]);
    assert_eq!(found.sources["source.shop.s.a"].freshness, None);
}

#[test]
fn a_generic_test_is_of_its_models_group_whatever_it_says() {
    let properties = "groups: [{name: g, owner: {name: me}}]
models:
- {name: open, data_tests: [{unique: {column_name: id, description: \"{{ doc('d') }}\", config: {group: g}}}]}
- {name: owned, config: {group: g}, data_tests: [{unique: {column_name: id}}]}
- {name: shut, data_tests: [{unique: {column_name: id, description: \"{{ doc('d') }}\", config: {enabled: false}}}]}
";
    let found = manifest(&[
        ("models/open.sql", "select 1 as id"),
        ("models/owned.sql", "select 1 as id"),
        ("models/shut.sql", "select 1 as id"),
        ("models/d.md", "{% docs d %}why{% enddocs %}"),
        ("models/all.yml", properties),
    ]);
    let test = |name: &str| found.nodes.values().find(|node| node.name == name).unwrap();
    let open = test("unique_open_id");
    assert_eq!((open.group.as_deref(), open.config.text("group")), (None, Some("g")));
    assert_eq!((open.description.as_str(), open.doc_blocks.as_slice()), ("why", &["doc.shop.d".into()][..]));
    assert_eq!(test("unique_owned_id").group.as_deref(), Some("g"));
    let disabled = found.disabled.values().flatten().next().unwrap();
    assert_eq!(disabled["description"], "{{ doc('d') }}");
}

#[test]
fn the_static_parser_lists_grants_that_stand_after_another_keyword() {
    let found = manifest(&[
        ("models/first.sql", "{{ config(grants={'select': 'a'}, tags='t') }}select 1 as id"),
        ("models/later.sql", "{{ config(tags='t', grants={'select': 'a'}) }}select 1 as id"),
    ]);
    let written = |id: &str| found.nodes[id].unrendered_config["grants"]["select"].clone();
    assert_eq!(written("model.shop.first"), "a");
    assert_eq!(written("model.shop.later"), json!(["a"]));
}
