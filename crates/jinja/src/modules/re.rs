//! The module `re`.

use std::cell::RefCell;
use std::collections::HashMap;

use minijinja::Value;

use super::instance::Py;
use super::of;
use super::pattern::{Pattern, flags_argument};
use super::regex_syntax::{ASCII, DOTALL, Flags, IGNORECASE, MULTILINE, UNICODE, VERBOSE, escape};
use crate::eval::{Evaluated, Evaluator};
use crate::python::Result;
use crate::python::arguments::{Arguments, string};
use crate::python::function::{Native, NativeFunction};

/// The members of `re`.
pub(super) fn member(name: &str) -> Option<Value> {
    let function = |name: &'static str, call: Native| Some(NativeFunction::value(name, call));
    let flag = |bits: u32| Some(Value::from(bits));
    match name {
        "compile" => function("compile", |_, call| {
            let [pattern, flags] = call.bind(["pattern", "flags"], 1)?;
            Ok(Py::value(compiled(&pattern.unwrap_or_default(), flags.as_ref())?))
        }),
        "escape" => function("escape", |_, call| {
            let [text] = call.bind(["pattern"], 1)?;
            let text = text.unwrap_or_default();
            Ok(Value::from(escape(string(&text, "escape() argument")?)))
        }),
        "match" => function("match", |this, call| apply(this, call, "match")),
        "search" => function("search", |this, call| apply(this, call, "search")),
        "fullmatch" => function("fullmatch", |this, call| apply(this, call, "fullmatch")),
        "findall" => function("findall", |this, call| apply(this, call, "findall")),
        "finditer" => function("finditer", |this, call| apply(this, call, "finditer")),
        "sub" => function("sub", |this, call| substitute(this, call, "sub")),
        "subn" => function("subn", |this, call| substitute(this, call, "subn")),
        "split" => function("split", |this, call| {
            let [pattern, text, most, flags] = call.bind(["pattern", "string", "maxsplit", "flags"], 2)?;
            let pattern = compiled(&pattern.unwrap_or_default(), flags.as_ref())?;
            run(this, &pattern, "split", [text, most])
        }),
        "I" | "IGNORECASE" => flag(IGNORECASE),
        "M" | "MULTILINE" => flag(MULTILINE),
        "S" | "DOTALL" => flag(DOTALL),
        "X" | "VERBOSE" => flag(VERBOSE),
        "A" | "ASCII" => flag(ASCII),
        "U" | "UNICODE" => flag(UNICODE),
        "NOFLAG" => flag(0),
        _ => None,
    }
}

fn apply(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>, name: &'static str) -> Evaluated<Value> {
    let [pattern, text, flags] = call.bind(["pattern", "string", "flags"], 2)?;
    let pattern = compiled(&pattern.unwrap_or_default(), flags.as_ref())?;
    run(this, &pattern, name, [text])
}

fn substitute(
    this: &mut Evaluator<'_, '_, '_>,
    call: &Arguments<'_>,
    name: &'static str,
) -> Evaluated<Value> {
    let names = ["pattern", "repl", "string", "count", "flags"];
    let [pattern, replacement, text, count, flags] = call.bind(names, 3)?;
    let pattern = compiled(&pattern.unwrap_or_default(), flags.as_ref())?;
    run(this, &pattern, name, [replacement, text, count])
}

fn run<const N: usize>(
    this: &mut Evaluator<'_, '_, '_>,
    pattern: &Pattern,
    name: &'static str,
    arguments: [Option<Value>; N],
) -> Evaluated<Value> {
    let positional: Vec<Value> = arguments.into_iter().flatten().collect();
    let call = Arguments { owner: "", function: name, positional: &positional, keywords: &[] };
    pattern.call(this, &call)
}

/// How many patterns a thread remembers, as Python does.
const CACHE: usize = 512;

thread_local! {
    static COMPILED: RefCell<HashMap<(String, Flags), Pattern>> = RefCell::new(HashMap::new());
}

/// The pattern of an argument: a text, or a pattern already.
fn compiled(pattern: &Value, flags: Option<&Value>) -> Result<Pattern> {
    if let Some(pattern) = of::<Pattern>(pattern) {
        return Ok(pattern.clone());
    }
    let text = string(pattern, "first argument")?;
    let key = (text.to_owned(), flags_argument(flags)?);
    if let Some(known) = COMPILED.with_borrow(|cache| cache.get(&key).cloned()) {
        return Ok(known);
    }
    let made = Pattern::new(text, key.1)?;
    COMPILED.with_borrow_mut(|cache| {
        if cache.len() >= CACHE {
            cache.clear();
        }
        cache.insert(key, made.clone());
    });
    Ok(made)
}
