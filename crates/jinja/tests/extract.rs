//! What a template calls, read without rendering it.

#![expect(clippy::expect_used, reason = "a test stops where it is surprised")]

use jinja::{Call, Environment, Extraction, SourceFile, value};

fn extract(text: &str) -> Extraction {
    let env = Environment::new();
    env.template(&SourceFile::new("models/m.sql", text)).expect(text).extract()
}

fn shown(call: &Call) -> String {
    let argument = |it: &jinja::Argument| it.value.as_ref().map_or("?".to_owned(), value::repr);
    let args = call.args.iter().map(argument);
    let kwargs = call.kwargs.iter().map(|(name, it)| format!("{name}={}", argument(it)));
    let star = call.has_star.then(|| "*".to_owned());
    let all: Vec<String> = args.chain(kwargs).chain(star).collect();
    format!("{}{}({})", if call.unconditional { "" } else { "?" }, call.name, all.join(", "))
}

#[track_caller]
fn calls(text: &str, wanted: &[&str]) {
    let found: Vec<String> = extract(text).calls.iter().map(shown).collect();
    assert_eq!(found, wanted, "{text}");
}

#[test]
fn literal_arguments_have_values() {
    calls("select * from {{ ref('a') }} join {{ source(\"s\", 't') }}", &["ref('a')", "source('s', 't')"]);
    calls(
        "{{ config(materialized='table', tags=['a', 'b'], meta={'k': [1, none]}, n=-1, t=(1,)) }}",
        &["config(materialized='table', tags=['a', 'b'], meta={'k': [1, None]}, n=-1, t=(1,))"],
    );
    calls("{{ ref('p', 'a', v=2) }}{{ ref(x) }}{{ ref(*y) }}", &["ref('p', 'a', v=2)", "ref(?)", "ref(*)"]);
    calls("{{ dbt_utils.star(from=ref('a')) }}", &["ref('a')", "dbt_utils.star(from=?)"]);
    calls("{{ ref('a' ~ 'b') }}", &["ref(?)"]);
}

#[test]
fn conditions_are_noticed() {
    calls("{% if f() %}{{ g() }}{% elif h() %}{% endif %}{{ i() }}", &["f()", "?g()", "?h()", "i()"]);
    calls("{% for x in f() %}{{ g(x) }}{% else %}{{ h() }}{% endfor %}", &["f()", "?g(?)", "?h()"]);
    calls("{{ a() if b() else c() }}{{ d() and e() }}", &["b()", "?a()", "?c()", "d()", "?e()"]);
    calls(
        "{% macro m() %}{{ f() }}{% endmacro %}{% call g() %}{{ h() }}{% endcall %}",
        &["?f()", "g()", "?h()"],
    );
    calls(
        "{% set x = f() %}{% set y %}{{ g() }}{% endset %}{% do h() %}{% raw %}{{ i() }}{% endraw %}{# {{ j() }} #}",
        &["f()", "g()", "h()"],
    );
}

#[test]
fn static_templates_are_told_from_others() {
    for text in
        ["select 1", "{{ config(a='b') }}select * from {{ ref('x') }} -- {# c #}", "{{ a.b('c') }}{{ this }}"]
    {
        assert!(extract(text).is_static, "{text}");
    }
    for text in [
        "{{ ref(x) }}",
        "{{ ref('a').b }}",
        "{{ ref('a') | upper }}",
        "{% if x %}{% endif %}",
        "{{ f(g()) }}",
        "{% set x = 1 %}",
    ] {
        assert!(!extract(text).is_static, "{text}");
    }
}

#[test]
fn spans_and_names_are_those_of_the_text() {
    let text = "select {{ f(1) }}, {{ g( 'ü' ) }}{% set a = b %}{{ a }}{{ c.d }}";
    let found = extract(text);
    let spans: Vec<&str> = found.calls.iter().map(|call| &text[call.span.range()]).collect();
    assert_eq!(spans, ["f(1)", "g( 'ü' )"]);
    assert_eq!(&text[found.calls[1].args[0].span.range()], "'ü'");
    assert!(found.calls.iter().all(|call| call.printed));
    let names: Vec<&str> = found.names.iter().map(|name| &**name).collect();
    assert_eq!(names, ["f", "g", "b", "c"]);
}
