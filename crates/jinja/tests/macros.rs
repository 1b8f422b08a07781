//! Macros as a project uses them: found in a file, bound to a context that knows them all, called and returned from.
//! The wanted results are what dbt 1.11 compiles the same calls to.

#![expect(clippy::expect_used, reason = "a test stops where it is surprised")]

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use jinja::{
    BlockTags, Environment, Error, ErrorKind, HostError, Macro, Object, ObjectRepr, SourceFile, State, Value,
    functions, value,
};

const MACROS: &str = include_str!("macros/macros.sql");

/// A context that looks macros up by name, as a host does.
#[derive(Debug)]
struct Context {
    env: Environment,
    macros: BTreeMap<Arc<str>, Macro>,
    this: OnceLock<Value>,
}

impl Object for Context {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        if let Some(found) = self.macros.get(name) {
            return Some(found.bind(&self.env, Value::from_dyn_object(self.clone())));
        }
        match name {
            "return" => Some(functions::return_function()),
            "context" => self.this.get().cloned(),
            "host_calls" => Some(Value::from_object(HostCalls)),
            "boom" => Some(Value::from_function(boom)),
            _ => None,
        }
    }
}

/// Calls back into templates, as `run_query` and `dispatch` do.
#[derive(Debug)]
struct HostCalls;

impl Object for HostCalls {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, HostError> {
        let (callee, args) = args.split_first().expect("a callee");
        assert!(value::context(state).is_some());
        callee.call(state, args)
    }
}

fn boom(message: String) -> Result<Value, HostError> {
    let cause = std::io::Error::other(format!("cause of {message}"));
    Err(HostError::new(jinja::HostErrorKind::InvalidOperation, message).with_source(cause))
}

fn context() -> (Environment, Value) {
    let env = Environment::new();
    let file = SourceFile::new("macros/macros.sql", MACROS);
    let parsed = env.parse_file(&file, BlockTags::MACRO_FILE).expect("the macros parse");
    let macros = parsed.blocks.iter().map(|block| (block.name.clone(), block.to_macro())).collect();
    let context = Arc::new(Context { env: env.clone(), macros, this: OnceLock::new() });
    let value = Value::from_dyn_object(context.clone());
    // `context` is the context itself; the cycle lives as long as the test.
    let _ = context.this.set(value.clone());
    (env, value)
}

fn render(text: &str) -> Result<String, Error> {
    let (env, context) = context();
    let file = SourceFile::new("models/m.sql", text);
    env.template(&file)?.render(&env, &context)
}

#[track_caller]
fn gives(text: &str, wanted: &str) {
    assert_eq!(render(text).as_deref().map_err(ToString::to_string), Ok(wanted), "{text}");
}

#[track_caller]
fn fails(text: &str, wanted: &str) -> Error {
    let error = render(text).expect_err(text);
    assert_eq!(error.to_string(), wanted, "{text}");
    error
}

#[test]
fn return_ends_the_innermost_macro_with_a_value() {
    gives("{{ ret_list() }}", "[1, 2]");
    gives("{{ ret_list()[0] + 1 }}", "2");
    gives("{{ ret_loop() + 1 }}", "3");
    gives("[{{ ret_none() }}]", "[None]");
    gives("[{{ no_ret() }}]", "[ text ]");
    gives("{{ call_ret() }}", "innerafter");
    gives("{{ call_ret2() }}", "after:inner");
    gives("{{ nested() }}", "[1, 2]False");
    gives("{{ rec(3) }}", "[3, 2, 1]");
    gives("{{ ret_in_set() }}", "from set");
    gives("{{ ret_dict().a }}", "[1, None]");
    gives("{% call call_plain() %}{{ return('model') }}{% endcall %}", "model");
}

#[test]
fn return_passes_through_host_functions() {
    gives("{{ host_calls(ret_list) }}", "[1, 2]");
    gives("{{ through_host() }}", "caught");
    gives("{% call(x) callers_arg() %}{{ host_calls(args, x) }}{% endcall %}", "p5");
}

#[test]
fn return_outside_of_a_macro_is_an_error() {
    let error = render("{{ return('x') }}").expect_err("no macro to return from");
    assert!(error.message().contains("outside of a macro"), "{error}");
}

#[test]
fn arguments_are_bound_as_jinja2_binds_them() {
    gives("{{ args() }}", "5");
    gives("{{ defaults(3) }}", "3");
    gives("{{ kw(1, x=2) }}", "{'x': 2}(1,)");
    gives("{% set l = [] %}{% do mutates(l) %}{{ l }}", "[1]");
    fails("{{ args(1, c=2) }}", "macro 'dbt_macro__args' takes no keyword argument 'c' [models/m.sql:1:4]");
    fails(
        "{{ outer_args() }}",
        "macro 'dbt_macro__args' takes not more than 2 argument(s) [macros/macros.sql:15:28]\n  in macro outer_args [models/m.sql:1:4]",
    );
    fails(
        "{{ two_ret() }}",
        "return() takes 1 positional argument but 2 were given [macros/macros.sql:18:25]\n  in macro two_ret [models/m.sql:1:4]",
    );
    fails(
        "{% call ret_list() %}x{% endcall %}",
        "macro 'dbt_macro__ret_list' was invoked with two values for the special caller argument. This is most \
         likely a bug. [models/m.sql:1:9]",
    );
}

#[test]
fn callers_cross_files() {
    gives("{{ calls_call() }}", "[dyn]");
    gives("{{ use_callers_arg() }}", "<p>");
    gives("{{ nested_caller() }}", "[[deep]]");
    gives("{% set x = 1 %}{% call call_plain() %}{{ x }}{% endcall %}", "[1]");
    gives(
        "{% for i in [1, 2] %}{% call call_plain() %}{{ i }}{{ loop.index }}{% endcall %}{% endfor %}",
        "[11][22]",
    );
}

#[test]
fn a_macro_of_the_context_goes_before_one_of_the_text() {
    gives("{% macro ret_list() %}inline{% endmacro %}{{ ret_list() }}", "[1, 2]");
    gives("{% macro foo(a) %}inline {{ a }}{% endmacro %}{{ foo(1) }}", "inline 1");
    gives("{% macro a() %}a{{ b() }}{% endmacro %}{% macro b() %}b{% endmacro %}{{ a() }}", "ab");
}

#[test]
fn names_of_the_context_are_items_too() {
    gives("{{ context['ret_list']() }}{{ context.get('nope', 'd') }}", "[1, 2]d");
    gives("{{ ret_list.name }}", "ret_list");
}

#[test]
fn errors_tell_the_way_that_led_to_them() {
    let error = fails(
        "a\n{{ deep_error(1) }}",
        "'int object' has no attribute 'x' [macros/macros.sql:28:6]\n  in macro deeper [macros/macros.sql:31:6]\n  \
         in macro deep_error [models/m.sql:2:4]",
    );
    assert_eq!(error.kind(), ErrorKind::Undefined);
    let place = error.place().expect("a place");
    assert_eq!(&MACROS[place.range.clone()], "x.x.y");
    assert_eq!(error.stack().len(), 2);
}

#[test]
fn errors_of_the_host_keep_their_cause() {
    let error = fails(
        "{{ boom_macro() }}",
        "database is down [macros/macros.sql:34:6]\n  in macro boom_macro [models/m.sql:1:4]",
    );
    assert_eq!(error.kind(), ErrorKind::Host);
    let mut cause = std::error::Error::source(&error);
    let mut seen = Vec::new();
    while let Some(error) = cause {
        seen.push(error.to_string());
        cause = error.source();
    }
    assert!(seen.iter().any(|text| text == "cause of database is down"), "{seen:?}");
    let error = render("{{ host_calls(boom_macro) }}").expect_err("boom");
    assert_eq!(error.message(), "database is down");
    assert_eq!(error.place().map(|place| place.line), Some(34));
}

#[test]
fn runaway_recursion_is_an_error() {
    let error = render("{{ forever() }}").expect_err("it never ends");
    assert_eq!(error.kind(), ErrorKind::Recursion);
    let error = render("{{ forever_by_host() }}").expect_err("it never ends");
    assert_eq!(error.kind(), ErrorKind::Recursion);
}

#[test]
fn rust_calls_macros() {
    let (env, context) = context();
    let file =
        SourceFile::new("macros/x.sql", "{% macro m(a, b=2) %}{{ a }}{{ b }}{{ args(9) }}{% endmacro %}");
    let parsed = env.parse_file(&file, BlockTags::MACRO).expect("it parses");
    let m = parsed.blocks[0].to_macro();
    let result = m.call(&env, &context, &[Value::from(1)], &[("b", Value::from("x"))]).expect("it runs");
    assert_eq!(result, Value::from("1x95"));
    let error = m.call(&env, &context, &[], &[("c", Value::from(1))]).expect_err("no such parameter");
    assert_eq!(error.message(), "macro 'dbt_macro__m' takes no keyword argument 'c'");
}

#[test]
fn syntax_errors_show_on_the_first_call() {
    let env = Environment::new();
    let file = SourceFile::new(
        "macros/x.sql",
        "{% macro ok() %}{% endmacro %}\n{% macro bad() %}{{ 1 + }}{% endmacro %}",
    );
    let parsed = env.parse_file(&file, BlockTags::MACRO).expect("blocks are found without their bodies");
    assert_eq!(parsed.blocks.len(), 2);
    let error = parsed.blocks[1].to_macro().check(&env).expect_err("it doesn't parse");
    assert_eq!(error.to_string(), "unexpected 'end of print statement' [macros/x.sql:2:25]");
}

#[test]
fn many_macros_load_quickly() {
    let body = "(relation, columns=[], options={}) -%}\n  {%- for column in columns %}\n    {{ column }}{% if not \
                loop.last %},{% endif %}\n  {%- endfor %}\n{%- endmacro %}\n\n";
    let mut text = String::new();
    for n in 0..10_000 {
        text += &format!("{{% macro m{n}{body}");
    }
    let env = Environment::new();
    let file = SourceFile::new("macros/many.sql", text);
    let start = std::time::Instant::now();
    let parsed = env.parse_file(&file, BlockTags::MACRO_FILE).expect("it parses");
    let macros: Vec<Macro> = parsed.blocks.iter().map(jinja::Block::to_macro).collect();
    let elapsed = start.elapsed();
    assert_eq!(macros.len(), 10_000);
    // Without optimisation and on a busy machine; optimised it is a tenth.
    assert!(elapsed.as_secs() < 5, "{elapsed:?}");
}
