//! Values and objects of the host: what templates see of them, and what the host sees of templates' values.

#![expect(clippy::expect_used, reason = "a test stops where it is surprised")]

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use jinja::{
    Environment, ErrorKind, HostError, Kwargs, Object, ObjectRepr, Rest, SourceFile, State, UndefinedMode,
    Value, from_args, value,
};

/// An object with attributes, a method and a printed form, as a relation has them.
#[derive(Debug)]
struct Relation;

impl Object for Relation {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        (key == "identifier").then(|| Value::from("orders"))
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        name: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        if name != "include" {
            return Err(jinja::HostErrorKind::UnknownMethod.into());
        }
        let (kwargs,): (Kwargs,) = from_args(args)?;
        let database: Option<bool> = kwargs.get("database")?;
        kwargs.assert_all_used()?;
        Ok(Value::from(format!("include database={database:?}")))
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("\"public\".\"orders\"")
    }
}

/// Names that are added while others look them up.
#[derive(Debug)]
struct Names(Arc<Mutex<HashMap<String, Value>>>);

impl Object for Names {
    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.0.lock().expect("no panic").get(key).cloned()
    }
}

fn context() -> Value {
    Value::from_pairs([
        ("relation", Value::from_object(Relation)),
        ("plain_list", Value::from(vec![1, 2])),
        ("plain_map", Value::from(BTreeMap::from([("items_", 1), ("keys", 2)]))),
        ("mutable", value::from_json(&serde_json::json!({"a": [1, {"b": null}], "z": 1.0}))),
        (
            "kinds",
            Value::from_function(|args: Rest<Value>| {
                args.iter().map(|it| it.kind().to_string()).collect::<Vec<_>>().join(",")
            }),
        ),
        ("optional", Value::from_function(|x: Option<String>| x.unwrap_or_else(|| "nothing".into()))),
    ])
}

fn render(text: &str) -> Result<String, jinja::Error> {
    let env = Environment::new();
    env.template(&SourceFile::new("m.sql", text))?.render(&env, &context())
}

#[track_caller]
fn gives(text: &str, wanted: &str) {
    assert_eq!(render(text).as_deref().map_err(ToString::to_string), Ok(wanted), "{text}");
}

#[track_caller]
fn fails(text: &str, wanted: &str) {
    assert_eq!(render(text).expect_err(text).message(), wanted, "{text}");
}

#[test]
fn objects_have_attributes_methods_and_a_printed_form() {
    gives(
        "{{ relation }} {{ relation.identifier }} {{ relation['identifier'] }} {{ relation ~ 'x' }}",
        "\"public\".\"orders\" orders orders \"public\".\"orders\"x",
    );
    gives("{{ relation.include(database=false) }}", "include database=Some(false)");
    gives(
        "{{ relation.nope is defined }} {{ relation is mapping }} {{ [relation] }}",
        "False False [\"public\".\"orders\"]",
    );
    fails("{{ relation.nope.x }}", "'Relation object' has no attribute 'nope'");
    fails("{{ relation.nope() }}", "'Relation object' has no attribute 'nope'");
    fails("{{ relation() }}", "'Relation' object is not callable");
    fails("{{ relation.include(nope=1) }}", "unknown keyword argument 'nope'");
}

#[test]
fn plain_containers_behave_as_pythons() {
    gives(
        "{{ plain_list }} {{ plain_list[-1] }} {{ plain_list[1:] }} {{ plain_list + [3] }} {{ 2 in plain_list }} {{ plain_list|length }}",
        "[1, 2] 2 [2] [1, 2, 3] True 2",
    );
    gives("{{ plain_list.index(2) }} {{ plain_list == [1, 2] }}", "1 True");
    gives(
        "{{ plain_map }} {{ plain_map.keys()|list }} {{ plain_map['keys'] }} {{ plain_map.get('x', 5) }} {{ plain_map.items()|list }}",
        "{'items_': 1, 'keys': 2} ['items_', 'keys'] 2 5 [('items_', 1), ('keys', 2)]",
    );
    gives(
        "{% for k, v in plain_map.items() %}{{ k }}={{ v }};{% endfor %}{% for k in plain_map %}{{ k }};{% endfor %}",
        "items_=1;keys=2;items_;keys;",
    );
    fails("{{ plain_list.append(3) }}", "this list is read-only: it has no method 'append'");
}

#[test]
fn json_becomes_mutable_values_and_comes_back() {
    gives(
        "{% do mutable.a.append('x') %}{% do mutable.update(k={'l': (1, 2)}) %}{{ mutable }}",
        "{'a': [1, {'b': None}, 'x'], 'z': 1.0, 'k': {'l': (1, 2)}}",
    );
    let context = context();
    let env = Environment::new();
    let made = env
        .eval_expression("[mutable, {'t': (1, 'ü'), 'u': undefined_name, 's': 'a'|list}]", &context)
        .expect("it evaluates");
    let json = value::to_json(&made).expect("it has a form in JSON");
    assert_eq!(json.to_string(), r#"[{"a":[1,{"b":null}],"z":1.0},{"t":[1,"ü"],"u":null,"s":["a"]}]"#);
    assert_eq!(value::to_json(&value::from_json(&json)).expect("JSON again"), json);
    let layout = value::Layout::default();
    assert_eq!(value::dumps(&value::from_json(&json["a"]), &layout).ok().as_deref(), Some("null"));
}

#[test]
fn identity_is_shared() {
    let context = context();
    let env = Environment::new();
    let list = value::list(vec![Value::from(1)]);
    let text = SourceFile::new("m.sql", "{% do l.append(2) %}{{ l }}");
    let names = Value::from_pairs([("l", list.clone())]);
    let template = env.template(&text).expect("it parses");
    assert_eq!(template.render(&env, &names).ok().as_deref(), Some("[1, 2]"));
    assert_eq!(template.render(&env, &names).ok().as_deref(), Some("[1, 2, 2]"));
    assert_eq!(value::repr(&list), "[1, 2, 2]");
    drop(context);
}

#[test]
fn host_functions_see_plain_undefined_values() {
    gives(
        "{{ kinds(nope, none, 1, 'a', [1], {}, (1,)) }}",
        "undefined,none,number,string,sequence,map,sequence",
    );
    gives("{{ optional(nope) }} {{ optional() }} {{ optional('x') }}", "nothing nothing x");
    fails("{{ kinds(nope.x) }}", "'nope' is undefined");
}

#[test]
fn at_parse_time_everything_unknown_is_undefined() {
    let env = Environment::new().with_undefined(UndefinedMode::ParseTime);
    let text = SourceFile::new(
        "m.sql",
        "[{{ a.b().c[0] }}{% for x in a.b %}{{ x }}{% endfor %}{{ optional(a.b()) }}]",
    );
    let rendered = env.template(&text).and_then(|it| it.render(&env, &context()));
    assert_eq!(rendered.as_deref().map_err(ToString::to_string), Ok("[nothing]"));
}

#[test]
fn environments_take_filters_tests_and_globals() {
    let shout = Value::from_function(|text: String| text.to_uppercase() + "!");
    let short = Value::from_function(|text: String| text.len() < 3);
    let env = Environment::new()
        .with_filter("shout", shout)
        .with_test("short", short)
        .with_global("g", Value::from(5));
    let text = SourceFile::new(
        "m.sql",
        "{{ 'a'|shout }} {{ 'a' is short }} {{ ['a', 'bcd']|select('short')|list }} {{ ['a']|map('shout')|list }} {{ g }}",
    );
    let rendered = env.template(&text).and_then(|it| it.render(&env, &Value::UNDEFINED));
    assert_eq!(rendered.as_deref().map_err(ToString::to_string), Ok("A! True ['a'] ['A!'] 5"));
    assert_eq!(render("{{ 'a'|shout }}").expect_err("unknown here").kind(), ErrorKind::Syntax);
}

#[test]
fn places_count_characters_and_keep_carriage_returns() {
    let error = render("ü\r\n  é {{ 1 + 'a' }}").expect_err("types don't fit");
    let place = error.place().expect("a place");
    assert_eq!((place.line, place.column), (2, 8));
    let error = render("{% set x = 1 %}\r\n\r\n{{ x }").expect_err("it doesn't parse");
    assert_eq!(error.place().map(|it| it.line), Some(3));
}

#[test]
fn deep_and_hostile_texts_are_errors() {
    for text in [
        format!("{{{{ {}1{} }}}}", "(".repeat(50_000), ")".repeat(50_000)),
        format!("{{{{ {}1 }}}}", "-".repeat(50_000)),
        format!("{{{{ {}1 }}}}", "not ".repeat(50_000)),
        format!("{{{{ {}1{} }}}}", "[".repeat(50_000), "]".repeat(50_000)),
        "{% if x %}".repeat(50_000),
        format!("{{{{ 1{} }}}}", " + 1".repeat(50_000)),
        format!("{{{{ a{} }}}}", ".b".repeat(50_000)),
        format!("{{{{ a{} }}}}", "|upper".repeat(50_000)),
        format!("{{{{ a{} }}}}", " if b else c".repeat(50_000)),
        format!("{{{{ 'a'{} }}}}", " and 1".repeat(50_000)),
        "{{ 'a' * 999999999999 }}".to_owned(),
        "{{ [0] * 999999999999 }}".to_owned(),
        "{{ '%999999999d' % 1 }}x".to_owned(),
        "{{ 10 ** 10000 }}".to_owned(),
    ] {
        // An error or a result, but no crash.
        let _ = render(&text);
    }
    gives("{% set a = [] %}{% do a.append(a) %}{{ a }}{{ a == a }}", "[[...]]True");
    gives("{% set d = {} %}{% do d.update(d=d) %}{{ d }}", "{'d': {...}}");
    fails("{% set a = [] %}{% do a.append(a) %}{{ a|tojson }}", "Circular reference detected");
}

#[test]
fn at_parse_time_names_of_a_macros_file_are_those_of_run_time() {
    let env = Environment::new().with_undefined(UndefinedMode::ParseTime);
    let file = SourceFile::new(
        "macros.sql",
        "{% macro calls() %}{{ nope() }}{% endmacro %}\
         {% macro asks() %}{{ {}.nope.x }}{% endmacro %}\
         {% macro lacks(a) %}{{ a.x }}{% endmacro %}\
         {% macro gives() %}{{ nope }}{% if nope %}{% endif %}{% endmacro %}\
         {% macro uses(a) %}{{ a.x().y }}{% for x in a.z %}{% endfor %}{% endmacro %}\
         {% macro wraps() %}{{ caller() }}{% endmacro %}\
         {% macro wraps_own() %}{% call wraps() %}{{ nope.x }}{% endcall %}{% endmacro %}",
    );
    let macros = env.parse_file(&file, jinja::BlockTags::MACRO_FILE).expect("a file of macros").blocks;
    let names: Arc<Mutex<HashMap<String, Value>>> = Arc::default();
    let context = Value::from_object(Names(names.clone()));
    for it in &macros {
        let value = it.to_macro().bind(&env, context.clone());
        names.lock().expect("no panic").insert(it.name.to_string(), value);
    }
    let render = |text: &str| {
        let text = SourceFile::new("model.sql", text);
        let rendered = env.template(&text).and_then(|it| it.render(&env, &context));
        rendered.map_err(|error| error.message().to_owned())
    };
    assert_eq!(render("{{ calls() }}"), Err("'nope' is undefined".to_owned()));
    assert_eq!(render("{{ asks() }}"), Err("'dict object' has no attribute 'nope'".to_owned()));
    assert_eq!(render("{{ lacks() }}"), Err("parameter 'a' was not provided".to_owned()));
    assert_eq!(render("{{ wraps_own() }}"), Err("'nope' is undefined".to_owned()));
    // What the text names stays undefined to any depth, wherever it is used.
    assert_eq!(render("[{{ gives() }}{{ uses(nope.x) }}{{ lacks(nope) }}]"), Ok("[]".to_owned()));
    assert_eq!(render("{% call wraps() %}[{{ nope.x() }}]{% endcall %}"), Ok("[]".to_owned()));
    assert_eq!(render("{% macro own() %}[{{ nope.x() }}]{% endmacro %}{{ own() }}"), Ok("[]".to_owned()));
    // An `if` without an `else` isn't.
    assert!(render("{{ ('a' if false).x }}").is_err());
}
