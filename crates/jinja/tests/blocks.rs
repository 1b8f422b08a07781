//! Blocks of files: which are found, what they hold, and the errors of broken files, after what dbt 1.11 does.

#![expect(clippy::expect_used, reason = "a test stops where it is surprised")]

use jinja::{Block, BlockKind, BlockTags, Environment, Error, SourceFile};

fn parse(text: &str, tags: BlockTags) -> Result<Vec<Block>, Error> {
    let file = SourceFile::new("macros/x.sql", text);
    Ok(Environment::new().parse_file(&file, tags)?.blocks)
}

#[track_caller]
fn sources(text: &str, wanted: &[&str]) {
    let blocks = parse(text, BlockTags::MACRO_FILE).expect(text);
    let sources: Vec<&str> = blocks.iter().map(Block::source).collect();
    assert_eq!(sources, wanted, "{text}");
    for block in &blocks {
        if !matches!(block.kind, BlockKind::Docs | BlockKind::Snapshot) {
            block.to_macro().check(&Environment::new()).expect(text);
        }
    }
}

#[track_caller]
fn fails(text: &str, wanted: &str) {
    let error = parse(text, BlockTags::MACRO_FILE).expect_err(text);
    assert_eq!(error.to_string(), wanted, "{text}");
}

#[test]
fn text_around_blocks_is_skipped() {
    sources(
        "{% macro a() %}x{% endmacro %} text {% set x = 1 %} {{ boo( }} ",
        &["{% macro a() %}x{% endmacro %}"],
    );
    sources("{% endmacro %}{% macro b() %}{% endmacro %}{% if %}", &["{% macro b() %}{% endmacro %}"]);
    sources(
        "{% foo %}{% set x %}{% macro b() %}{% endmacro %}{% endset %}",
        &["{% macro b() %}{% endmacro %}"],
    );
    sources(
        "{% snapshot s %}y{% endsnapshot %}{% macro b() %}{% endmacro %}",
        &["{% macro b() %}{% endmacro %}"],
    );
    sources("  {%- macro b(x) -%}\n y {%- endmacro -%} ", &["{%- macro b(x) -%}\n y {%- endmacro -%}"]);
}

#[test]
fn tags_inside_of_comments_strings_and_raw_blocks_close_nothing() {
    sources(
        "{# {% macro c() %} #}{% macro b() %}{# {% endmacro %} #}y{% endmacro %}",
        &["{% macro b() %}{# {% endmacro %} #}y{% endmacro %}"],
    );
    for text in [
        "{% macro b() %}{% raw %}{% endmacro %}{% endraw %}y{% endmacro %}",
        "{% macro b() %}{{ '{% endmacro %}' }}{% endmacro %}",
        "{% macro b() %}{% set x = '{% endmacro %}' %}{% endmacro %}",
        "{% macro b() %}it's{% endmacro %}",
        "{% macro b() %}{{ \"it's\" }}{% endmacro %}",
        "{% macro b(x='%}') %}y{% endmacro %}",
        "{% macro b(x={'a': {}}) %}{{ {'a': {'b': 1}} }}{% endmacro %}",
        "{% macro b(): %}y{% endmacro %}",
        "{%macro b()%}y{%endmacro%}",
        "{% macro b() %}{{ x | unknown_filter }}{% endmacro %}",
    ] {
        sources(text, &[text]);
    }
}

#[test]
fn signatures_are_kept_as_written() {
    let text =
        "\n{% macro m(a, b=[1, 'x'], c: list[str]=none, d: dict[str, int] = {'k': 1}) -%}{% endmacro %}";
    let blocks = parse(text, BlockTags::MACRO).expect("it parses");
    let block = &blocks[0];
    let shown: Vec<String> = block
        .parameters
        .iter()
        .map(|it| {
            format!(
                "{}|{}|{}",
                it.name,
                it.annotation.as_deref().unwrap_or("-"),
                it.default.as_deref().unwrap_or("-")
            )
        })
        .collect();
    assert_eq!(shown, ["a|-|-", "b|-|[1, 'x']", "c|list[str]|none", "d|dict[str, int]|{'k': 1}"]);
    let place = block.place();
    assert_eq!((place.line, place.column, place.range.start), (2, 1, 1));
    assert_eq!(block.file.slice(block.name_span), "m");
    assert_eq!(block.body(), "");
}

#[test]
fn kinds_are_told_apart() {
    let text = "{% test t(model, column_name) %}1{% endtest %}{% data_test u(model) %}2{% enddata_test %}\
                {% materialization m, default %}3{% endmaterialization %}\
                {% materialization n, adapter='postgres', supported_languages=['sql', 'python'] %}4{% endmaterialization %}\
                {% materialization o %}5{% endmaterialization %}{% macro p() %}6{% endmacro %}\
                {% snapshot q %}7{% endsnapshot %}{% docs r %} # Not {{ jinja {% nor tags %} {% enddocs %}";
    let all = BlockTags::MACRO_FILE | BlockTags::SNAPSHOT | BlockTags::DOCS;
    let blocks = parse(&text.replace("{{ jinja ", "jinja "), all).expect("it parses");
    let sql = || vec!["sql".to_owned()];
    let kinds: Vec<(&str, BlockKind)> = blocks.iter().map(|it| (&*it.name, it.kind.clone())).collect();
    assert_eq!(
        kinds,
        [
            ("t", BlockKind::Test),
            ("u", BlockKind::Test),
            ("m", BlockKind::Materialization { adapter: None, supported_languages: sql() }),
            (
                "n",
                BlockKind::Materialization {
                    adapter: Some("postgres".into()),
                    supported_languages: vec!["sql".into(), "python".into()]
                }
            ),
            ("o", BlockKind::Materialization { adapter: None, supported_languages: sql() }),
            ("p", BlockKind::Macro),
            ("q", BlockKind::Snapshot),
            ("r", BlockKind::Docs),
        ]
    );
    assert_eq!(blocks[6].body(), "7");
    assert_eq!(blocks[7].body(), " # Not jinja {% nor tags %} ");
}

#[test]
fn broken_files_say_what_is_wrong_and_where() {
    fails(
        "{% macro a() %}x{% endmacro %}{% if true %}{% macro b() %}y{% endmacro %}{% endif %}",
        "Got a block definition inside control flow at 1:43. All dbt block definitions must be at the top level \
         [macros/x.sql:1:44]",
    );
    fails(
        "{% endif %}{% macro b() %}y{% endmacro %}",
        "Got an unexpected control flow end tag, got endif but never saw a preceeding if [macros/x.sql:1:1]",
    );
    fails(
        "\n {% macro b() %}y",
        "Reached EOF without finding a close tag for macro (searched from line 2) [macros/x.sql:2:2]",
    );
    fails(
        "{% macro b() %}y{% endmacro",
        "unexpected EOF, expected tag close (\"%}\"), got \"endmacro\" [macros/x.sql:1:17]",
    );
    fails(
        "{% macro b() %}{{ unclosed {% endmacro %}",
        "unexpected EOF, expected }}, got \"unclosed {% endmacro %}\" [macros/x.sql:1:16]",
    );
    fails("{# unclosed", "unexpected EOF, expected #}, got \"unclosed\" [macros/x.sql:1:1]");
    fails("{% macro b(a, b=1 %}{% endmacro %}", "unexpected '}', expected ')' [macros/x.sql:1:20]");
    fails(
        "{% macro b %}{% endmacro %}",
        "expected token '(', got 'end of statement block' [macros/x.sql:1:12]",
    );
    fails("{% macro 1b() %}{% endmacro %}", "expected token 'name', got 'integer' [macros/x.sql:1:10]");
    fails(
        "{% materialization m, foo='x' %}{% endmaterialization %}",
        "materialization 'm' received unknown argument 'foo'. [macros/x.sql:1:23]",
    );
    fails(
        "{% macro a() %}{% macro b() %}{% endmacro %}{% endmacro %}",
        "Got nested tags: macro (started at macros/x.sql:1:1) did not have a matching {% endmacro %} before a \
         subsequent macro was found [macros/x.sql:1:16]",
    );
}

#[test]
fn bodies_are_checked_when_asked() {
    let check = |text: &str| {
        let blocks = parse(text, BlockTags::MACRO).expect("the block is found");
        blocks[0].to_macro().check(&Environment::new()).expect_err(text).to_string()
    };
    assert_eq!(
        check("{% macro b() %}{% if x %}y{% endmacro %}"),
        "Encountered unknown tag 'endmacro'. You probably made a nesting mistake. Jinja is expecting this tag, but \
         currently looking for 'elif' or 'else' or 'endif'. The innermost block that needs to be closed is 'if'. \
         [macros/x.sql:1:30]"
    );
    assert_eq!(
        check("\n{% macro b() %}\n  {% foo %}{% endmacro %}"),
        "Encountered unknown tag 'foo'. Jinja was looking for the following tags: 'endmacro'. The innermost block that \
         needs to be closed is 'macro'. [macros/x.sql:3:6]"
    );
}
