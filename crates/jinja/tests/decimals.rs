//! Decimals beside the answers of Python's `decimal` (`golden/decimals.py` writes them).

#![expect(clippy::expect_used, reason = "a test stops where it is surprised")]

use jinja::{Environment, SourceFile, Value, value};

/// As in `golden/decimals.py`.
const NAMES: [(&str, &str); 17] = [
    ("a", "1.10"),
    ("b", "2"),
    ("c", "3.14159"),
    ("d", "7.5"),
    ("e", "-7.5"),
    ("f", "0.1"),
    ("g", "1E-10"),
    ("h", "123456789012345678901234567890.123"),
    ("i", "0.00"),
    ("j", "-0.0"),
    ("k", "1E+25"),
    ("l", "NaN"),
    ("m", "Infinity"),
    ("n", "-Infinity"),
    ("o", "2.5"),
    ("p", "99999999999999999999999999995"),
    ("q", "0.05"),
];

fn context() -> Value {
    Value::from_pairs(NAMES.map(|(name, text)| (name, value::decimal_of(text).expect("a decimal"))))
}

#[test]
fn calculates_as_python_does() {
    let (env, context) = (Environment::new(), context());
    let answers = include_str!("golden/decimals.txt");
    let mut failures = Vec::new();
    for line in answers.lines() {
        let (expression, wanted) = line.split_once('\t').expect("a tab");
        let file = SourceFile::new("decimal.sql", format!("{{{{ [{expression}] }}}}"));
        let found = match env.template(&file).and_then(|template| template.render(&env, &context)) {
            Ok(text) => text[1..text.len() - 1].to_owned(),
            Err(error) => format!("error: {}", error.message()),
        };
        if found != wanted {
            failures.push(format!("{expression}\n  python: {wanted}\n  ours:   {found}"));
        }
    }
    let total = answers.lines().count();
    assert!(failures.is_empty(), "{} of {total} differ:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn counts_as_a_number_in_filters_tests_and_formats() {
    for (source, wanted) in [
        ("{{ a ~ '' }} {{ a | int }} {{ a | float }} {{ a | string }}", "1.10 1 1.1 1.10"),
        (
            "{{ [a, 1, c] | sum }} {{ [a, 1, c] | max }} {{ [c, 1, a] | sort }}",
            "5.24159 3.14159 [1, Decimal('1.10'), Decimal('3.14159')]",
        ),
        ("{{ '%s %.3f %d %g' % (a, a, a, a) }}", "1.10 1.100 1 1.1"),
        (
            "{{ [a is number, a is float, a is integer, b is even, a is string] }}",
            "[True, False, False, True, False]",
        ),
        ("{{ [b in [1, 2], a == '1.10', 1 < a < 2, a and 1, not i] }}", "[True, False, True, 1, True]"),
        ("{{ [b, a] | unique | list }} {{ [a, b] | join(', ') }}", "[Decimal('2'), Decimal('1.10')] 1.10, 2"),
        ("{{ c | round(1, 'ceil') }} {{ d | filesizeformat }} {{ a.foo is defined }}", "3.2 7 Bytes False"),
        ("{{ {a: 1}[a] }} {{ a.as_tuple().exponent }} {{ a.as_tuple()[0] }}", "1 -2 0"),
    ] {
        let file = SourceFile::new("decimal.sql", source);
        let env = Environment::new();
        let text = env.template(&file).and_then(|template| template.render(&env, &context()));
        assert_eq!(text.expect("renders"), wanted, "{source}");
    }
    for (source, wanted) in [
        ("{{ a | tojson }}", "Object of type Decimal is not JSON serializable"),
        ("{{ range(a) }}", "'decimal.Decimal' object cannot be interpreted as an integer"),
        ("{{ a < 'x' }}", "'<' not supported between instances of 'decimal.Decimal' and 'str'"),
        ("{{ '{:d}'.format(a) }}", "invalid format string"),
        ("{{ '%x' % a }}", "%x format: an integer is required, not decimal.Decimal"),
    ] {
        let file = SourceFile::new("decimal.sql", source);
        let env = Environment::new();
        let text = env.template(&file).and_then(|template| template.render(&env, &context()));
        assert_eq!(text.expect_err("fails").message(), wanted, "{source}");
    }
}

#[test]
fn floats_and_durations_have_pythons_text() {
    let shown = |number| value::to_str(&value::decimal_of_float(number));
    assert_eq!([shown(2.0), shown(1e22), shown(-0.0), shown(1e-7)], ["2.0", "1E+22", "-0.0", "1E-7"]);
    assert_eq!(value::duration_text(86_400_000_000), "1 day, 0:00:00");
    assert_eq!(value::duration_text(-10_800_000_000), "-1 day, 21:00:00");
}
