//! `map`, `select`, `reject` and their kin.

use std::sync::Arc;

use minijinja::Value;

use super::sorting::Getter;
use crate::error::{Error, ErrorKind};
use crate::eval::{Evaluated, Evaluator};
use crate::predicates::holds;
use crate::python::arguments::Arguments;
use crate::python::iterate::{Generator, items};
use crate::python::text::{repr_str, to_str};

pub(super) fn map(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let Some((value, more)) = call.positional.split_first() else {
        call.bind::<1>(["value"], 1)?;
        return Ok(Value::UNDEFINED);
    };
    // Nothing is asked of an empty or false value, not even whether the filter exists.
    if !value.is_true() {
        return Ok(Generator::over("sync_do_map", Vec::new()));
    }
    let mut mapped = Vec::new();
    let attribute = call.keywords.iter().find(|(name, _)| &**name == "attribute");
    if let (true, Some((_, attribute))) = (more.is_empty(), attribute) {
        let known = |name: &str| matches!(name, "attribute" | "default");
        if let Some((name, _)) = call.keywords.iter().find(|(name, _)| !known(name)) {
            let message = format!("Unexpected keyword argument {}", repr_str(name));
            return Err(Error::new(ErrorKind::Type, message).into());
        }
        let default = call.keywords.iter().find(|(name, _)| &**name == "default");
        let default = default.map(|(_, value)| value.clone());
        let getter = Getter::new(Some(attribute), default);
        for item in items(value)? {
            mapped.push(getter.get(this, &item)?);
        }
    } else {
        let Some((name, more)) = more.split_first() else {
            return Err(Error::new(ErrorKind::Type, "map requires a filter argument").into());
        };
        let filter = this.filter_named(&to_str(name))?;
        for item in items(value)? {
            let mut positional = vec![item];
            positional.extend_from_slice(more);
            let call = Arguments {
                owner: "do_",
                function: filter.name(),
                positional: &positional,
                keywords: call.keywords,
            };
            mapped.push(this.apply_filter(&filter, &call)?);
        }
    }
    Ok(Generator::over("sync_do_map", mapped))
}

pub(super) fn select(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    pick(this, call, true, false)
}

pub(super) fn reject(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    pick(this, call, false, false)
}

pub(super) fn selectattr(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    pick(this, call, true, true)
}

pub(super) fn rejectattr(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    pick(this, call, false, true)
}

fn pick(
    this: &mut Evaluator<'_, '_, '_>,
    call: &Arguments<'_>,
    wanted: bool,
    by_attribute: bool,
) -> Evaluated<Value> {
    let Some((value, mut more)) = call.positional.split_first() else {
        call.bind::<1>(["value"], 1)?;
        return Ok(Value::UNDEFINED);
    };
    if !value.is_true() {
        return Ok(Generator::over("select_or_reject", Vec::new()));
    }
    let mut getter = Getter::new(None, None);
    if by_attribute {
        let Some((attribute, rest)) = more.split_first() else {
            let message = "Missing parameter for attribute name";
            return Err(Error::new(ErrorKind::Type, message).into());
        };
        (getter, more) = (Getter::new(Some(attribute), None), rest);
    }
    let test = match more.split_first() {
        Some((name, rest)) => {
            more = rest;
            Some(this.test_named(&to_str(name))?)
        }
        None => None,
    };
    let keywords: &[(Arc<str>, Value)] = call.keywords;
    let mut picked = Vec::new();
    for item in items(value)? {
        let asked = getter.get(this, &item)?;
        let holds = match &test {
            Some(test) => holds(this, test, &asked, more, keywords)?,
            None => asked.is_true(),
        };
        if holds == wanted {
            picked.push(item);
        }
    }
    Ok(Generator::over("select_or_reject", picked))
}
