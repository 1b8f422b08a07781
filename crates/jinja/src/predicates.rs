//! The tests of Jinja2: `x is defined`.

use std::sync::Arc;

use minijinja::Value;
use minijinja::value::ObjectRepr;

use crate::error::Error;
use crate::eval::{Evaluated, Evaluator};
use crate::python::arguments::Arguments;
use crate::python::arithmetic::binary;
use crate::python::compare::{compare, hashable, identical};
use crate::python::function::Native;
use crate::python::iterate::Items;
use crate::python::kind::{Kind, is_container};
use crate::python::text::to_str;
use crate::python::undefined::is_undefined;
use crate::syntax::ast::{BinaryOperator, Comparison};

/// A test, found by name when the template is parsed.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    Native(&'static str, Native),
    Host(Arc<str>),
}

impl Test {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Native(name, _) => name,
            Self::Host(name) => name,
        }
    }
}

/// The test of this name, if Jinja2 has it.
pub(crate) fn find(name: &str) -> Option<Test> {
    let at = TESTS.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
    Some(Test::Native(TESTS[at].0, TESTS[at].1))
}

/// All tests, sorted by name.
const TESTS: [(&str, Native); 39] = [
    ("!=", |_, call| comparison(call, Comparison::NotEqual)),
    ("<", |_, call| comparison(call, Comparison::Less)),
    ("<=", |_, call| comparison(call, Comparison::LessOrEqual)),
    ("==", |_, call| comparison(call, Comparison::Equal)),
    (">", |_, call| comparison(call, Comparison::Greater)),
    (">=", |_, call| comparison(call, Comparison::GreaterOrEqual)),
    ("boolean", |_, call| one(call, |value| matches!(Kind::of(value), Kind::Bool(_)))),
    ("callable", |_, call| one(call, is_callable)),
    ("defined", |_, call| one(call, |value| !is_undefined(value))),
    ("divisibleby", |_, call| {
        let [value, number] = two(call, "num")?;
        remainder_is(&value, &number, 0)
    }),
    ("eq", |_, call| comparison(call, Comparison::Equal)),
    ("equalto", |_, call| comparison(call, Comparison::Equal)),
    ("escaped", |_, call| one(call, Value::is_safe)),
    ("even", |_, call| remainder_is(&first(call)?, &Value::from(2), 0)),
    ("false", |_, call| one(call, |value| matches!(Kind::of(value), Kind::Bool(false)))),
    ("filter", |this, call| {
        let name = first(call)?;
        hashable(&name)?;
        Ok(Value::from(name.as_str().is_some_and(|name| this.filter_named(name).is_ok())))
    }),
    ("float", |_, call| one(call, |value| matches!(Kind::of(value), Kind::Float(_)))),
    ("ge", |_, call| comparison(call, Comparison::GreaterOrEqual)),
    ("greaterthan", |_, call| comparison(call, Comparison::Greater)),
    ("gt", |_, call| comparison(call, Comparison::Greater)),
    ("in", |_, call| comparison(call, Comparison::In)),
    ("integer", |_, call| one(call, |value| matches!(Kind::of(value), Kind::Int(_) | Kind::Wide(_)))),
    ("iterable", |_, call| one(call, |value| Items::of(value).is_ok())),
    ("le", |_, call| comparison(call, Comparison::LessOrEqual)),
    ("lessthan", |_, call| comparison(call, Comparison::Less)),
    ("lower", |_, call| one(call, |value| is_case(value, "islower"))),
    ("lt", |_, call| comparison(call, Comparison::Less)),
    ("mapping", |_, call| one(call, is_mapping)),
    ("ne", |_, call| comparison(call, Comparison::NotEqual)),
    ("none", |_, call| one(call, |value| matches!(Kind::of(value), Kind::None))),
    ("number", |_, call| one(call, crate::modules::decimal::is_number)),
    ("odd", |_, call| remainder_is(&first(call)?, &Value::from(2), 1)),
    ("sameas", |_, call| {
        let [value, other] = two(call, "other")?;
        Ok(Value::from(identical(&value, &other)))
    }),
    ("sequence", |_, call| one(call, is_sequence)),
    ("string", |_, call| one(call, |value| matches!(Kind::of(value), Kind::Str(_)))),
    ("test", |this, call| {
        let name = first(call)?;
        hashable(&name)?;
        Ok(Value::from(name.as_str().is_some_and(|name| this.test_named(name).is_ok())))
    }),
    ("true", |_, call| one(call, |value| matches!(Kind::of(value), Kind::Bool(true)))),
    ("undefined", |_, call| one(call, is_undefined)),
    ("upper", |_, call| one(call, |value| is_case(value, "isupper"))),
];

fn first(call: &Arguments<'_>) -> Result<Value, Error> {
    let [value] = call.bind(["value"], 1)?;
    Ok(value.unwrap_or_default())
}

fn two(call: &Arguments<'_>, name: &str) -> Result<[Value; 2], Error> {
    let [value, other] = call.bind(["value", name], 2)?;
    Ok([value.unwrap_or_default(), other.unwrap_or_default()])
}

fn one(call: &Arguments<'_>, test: fn(&Value) -> bool) -> Evaluated<Value> {
    Ok(Value::from(test(&first(call)?)))
}

fn comparison(call: &Arguments<'_>, comparison: Comparison) -> Evaluated<Value> {
    let [a, b] = two(call, "other")?;
    Ok(Value::from(compare(comparison, &a, &b)?))
}

fn remainder_is(value: &Value, divisor: &Value, remainder: i64) -> Evaluated<Value> {
    let rest = binary(BinaryOperator::Modulo, value, divisor)?;
    Ok(Value::from(compare(Comparison::Equal, &rest, &Value::from(remainder))?))
}

fn is_case(value: &Value, method: &str) -> bool {
    crate::python::str_methods::case::is(&to_str(value), method)
}

/// Whether a value can be called, as far as its type tells.
fn is_callable(value: &Value) -> bool {
    match Kind::of(value) {
        Kind::Undefined => true,
        Kind::Object(object) => {
            object.repr() == ObjectRepr::Plain
                && object.downcast_ref::<crate::python::namespace::Namespace>().is_none()
                && !crate::modules::is_data(object)
        }
        _ => false,
    }
}

/// Whether a value is a mapping.
pub(crate) fn is_mapping(value: &Value) -> bool {
    match Kind::of(value) {
        Kind::Dict(_) => true,
        Kind::Object(object) => object.repr() == ObjectRepr::Map,
        _ => false,
    }
}

fn is_sequence(value: &Value) -> bool {
    match Kind::of(value) {
        Kind::Undefined | Kind::Str(_) | Kind::List(_) | Kind::Tuple(_) | Kind::Dict(_) | Kind::Range(_) => {
            true
        }
        Kind::Object(object) => {
            object.repr() == ObjectRepr::Seq || object.repr() == ObjectRepr::Map && is_container(object)
        }
        _ => false,
    }
}

/// For those who run a test on a value.
pub(crate) fn holds(
    evaluator: &mut Evaluator<'_, '_, '_>,
    test: &Test,
    value: &Value,
    more: &[Value],
    keywords: &[(Arc<str>, Value)],
) -> Evaluated<bool> {
    let mut positional = Vec::with_capacity(more.len() + 1);
    positional.push(value.clone());
    positional.extend_from_slice(more);
    let call = Arguments { owner: "test_", function: test.name(), positional: &positional, keywords };
    evaluator.perform_test(test, &call)
}
