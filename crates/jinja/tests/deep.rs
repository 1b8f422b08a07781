//! Values that hold themselves, or lists twenty thousand levels deep: an error or a text, never the process' end.

#![expect(clippy::expect_used, reason = "a test stops where it is surprised")]

use jinja::{Environment, SourceFile, functions, value};

const LOOPED: &str = "{% set a = [] %}{% do a.append(a) %}{% set b = [] %}{% do b.append(b) %}\
                      {% set d = {} %}{% do d.update({'x': d}) %}{% set e = {} %}{% do e.update({'x': e}) %}";
const DEEP: &str = "{% set n = namespace(a=[], b=[], d={}, o=namespace()) %}{% for i in range(20000) %}\
                    {% set n.a = [n.a] %}{% set n.b = [n.b] %}{% set n.d = {'x': n.d} %}\
                    {% set n.o = namespace(x=n.o) %}{% endfor %}";

fn render(before: &str, expression: &str) -> String {
    let source = format!("{before}{{{{ {expression} }}}}");
    let env = Environment::new().with_global("set", functions::set_type());
    let file = SourceFile::new("deep.sql", source);
    let context = value::dict([]);
    let rendered = env.template(&file).and_then(|template| template.render(&env, &context));
    rendered.unwrap_or_else(|error| error.message().to_owned())
}

#[track_caller]
fn check(before: &str, expression: &str, expected: &str) {
    // The thread that a node runs on has no more.
    let (before, expression) = (before.to_owned(), expression.to_owned());
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(move || render(&before, &expression));
    let shown = thread.expect("a thread").join().expect("no panic");
    assert_eq!(shown, expected);
}

#[test]
fn to_compare_what_holds_itself_is_an_error() {
    for expression in ["a == b", "a < b", "a in [b]", "[a, b] | sort", "[a, b] | max", "d == e", "a.index(b)"]
    {
        check(LOOPED, expression, "maximum recursion depth exceeded in comparison");
    }
    check(LOOPED, "a == a", "True");
    check(LOOPED, "a | pprint | length > 10", "True");
}

#[test]
fn deep_values_are_compared_printed_and_ended() {
    check(DEEP, "n.a == n.b", "maximum recursion depth exceeded in comparison");
    check(DEEP, "n.a | string | length > 100", "True");
    check(DEEP, "n.a | tojson", "Circular reference detected");
    check(DEEP, "n.a | pprint | length > 100", "True");
    check(DEEP, "n.a is iterable", "True");
}

#[test]
fn texts_do_not_outgrow_the_memory() {
    check("", "'\t'.expandtabs(100000000000)", "the repeated sequence is too long");
    let long = "{% set x = 'x' * 1000000 %}{% set y = 'y' * 1000000 %}";
    check(long, "x.replace('', y)", "the repeated sequence is too long");
    check(long, "x | replace('x', y) | length", "the repeated sequence is too long");
    check("", "'aba'.replace('a', 'xy')", "xybxy");
}

#[test]
fn digits_behind_the_point_have_no_limit() {
    check("", "('%.70000f' % 1.5) | length", "70002");
    check("", "('%.70000e' % 1.5) | length", "70006");
    check("", "('%.70000g' % 1.5)", "1.5");
}
