//! Functions of templates that need no node (<https://docs.getdbt.com/reference/dbt-jinja-functions>).

use crate::context::arguments::{Function, truth};
use crate::context::raised::Raised;
use crate::context::scope::Context;
use crate::{json, yaml};
use jinja::Value;
use md5::{Digest, Md5};
use platform_core::event::{Event, Level};
use platform_core::node_info;
use std::sync::Arc;

/// `log(msg, info=False)`: to the log file, with `info` to the terminal too.
pub fn log(context: Arc<Context>) -> Value {
    Function::value("log", move |_, arguments| {
        let [message, info] = arguments.bind(["msg", "info"], 1)?;
        let event = if truth(info.as_ref(), false) {
            Event::new(Level::Info, "JinjaLogInfo", "").code("I062")
        } else {
            Event::new(Level::Debug, "JinjaLogDebug", "").code("I063")
        };
        say(&context, event, &jinja::value::to_str(&message.unwrap_or_default()));
        Ok(Value::from(""))
    })
}

/// `print(msg)`: to standard output.
pub fn print(context: Arc<Context>) -> Value {
    Function::value("print", move |_, arguments| {
        let [message] = arguments.bind(["msg"], 1)?;
        if !context.shared().flags.is_off("print") {
            let message = jinja::value::to_str(&message.unwrap_or_default());
            say(&context, Event::new(Level::Info, "PrintEvent", "").code("Z052"), &message);
        }
        Ok(Value::from(""))
    })
}

fn say(context: &Context, event: Event, message: &str) {
    let shared = context.shared();
    let message = crate::context::env::scrub(message, &shared.env);
    let event = Event { message: message.clone(), ..event }.with("msg", message);
    shared.events.send(node_info::about_current(event));
}

/// `fromjson(string, default=None)`.
pub fn from_json() -> Value {
    Function::value("fromjson", |_, arguments| {
        let [text, default] = arguments.bind(["string", "default"], 1)?;
        let text = text.unwrap_or_default();
        let Some(written) = text.as_str() else {
            // The default is for texts that are no JSON.
            let kind = jinja::value::type_name(&text);
            let message = format!("the JSON object must be str, bytes or bytearray, not {kind}");
            return Err(Raised::compilation(message));
        };
        Ok(jinja::value::loads(written).unwrap_or_else(|_| default.unwrap_or_else(none)))
    })
}

/// `tojson(value, default=None, sort_keys=False)`.
pub fn to_json() -> Value {
    Function::value("tojson", |_, arguments| {
        let [value, default, sort] = arguments.bind(["value", "default", "sort_keys"], 1)?;
        let (value, sort_keys) = (value.unwrap_or_default(), truth(sort.as_ref(), false));
        match jinja::value::dumps(&value, &jinja::value::Layout { sort_keys, indent: None }) {
            Ok(text) => return Ok(Value::from(text)),
            Err(error) if is_of_python(error.message()) => {
                return Err(Raised::compilation(error.message().to_owned()));
            }
            // Objects of the engine's own that are dictionaries in dbt.
            Err(_) => {}
        }
        let dumps = if sort_keys { json::dumps_sorted } else { json::dumps };
        let made = jinja::value::to_json(&value).ok();
        Ok(made.map_or_else(|| default.unwrap_or_else(none), |value| Value::from(dumps(&value))))
    })
}

/// Whether what has no form in JSON is one of Python's own types, for which dbt has no default either.
fn is_of_python(message: &str) -> bool {
    let named = message.strip_prefix("Object of type ").and_then(|rest| rest.split_once(' '));
    let types = ["set", "date", "datetime", "time", "timedelta", "Decimal", "Undefined"];
    named.is_some_and(|(name, _)| types.contains(&name)) || message.starts_with("keys must be ")
}

/// `fromyaml(value, default=None)`.
pub fn from_yaml() -> Value {
    Function::value("fromyaml", |_, arguments| {
        let [text, default] = arguments.bind(["value", "default"], 1)?;
        let text = text.unwrap_or_default();
        let Some(written) = text.as_str() else {
            return Err(Raised::compilation("a string or stream input is required"));
        };
        let parsed = yaml::parse("fromyaml", written).ok();
        Ok(parsed.map_or_else(|| default.unwrap_or_else(none), |document| yaml::value_of(&document)))
    })
}

/// `toyaml(value, default=None, sort_keys=False)`.
pub fn to_yaml() -> Value {
    Function::value("toyaml", |_, arguments| {
        let [value, default, sort] = arguments.bind(["value", "default", "sort_keys"], 1)?;
        let sort = truth(sort.as_ref(), false);
        let made = yaml::dump_value(&value.unwrap_or_default(), sort);
        Ok(made.map_or_else(|| default.unwrap_or_else(none), Value::from))
    })
}

/// `set(value, default=None)`.
pub fn set() -> Value {
    Function::value("set", |_, arguments| {
        let [items, default] = arguments.bind(["value", "default"], 1)?;
        let made = jinja::value::items(&items.unwrap_or_default()).and_then(jinja::value::set);
        Ok(made.unwrap_or_else(|_| default.unwrap_or_else(none)))
    })
}

/// `set_strict(value)`.
pub fn set_strict() -> Value {
    Function::value("set_strict", |_, arguments| {
        let [items] = arguments.bind(["value"], 1)?;
        let made = jinja::value::items(&items.unwrap_or_default()).and_then(jinja::value::set);
        made.map_err(|error| Raised::compilation(error.message().to_owned()))
    })
}

/// `zip(*lists, default=None)`, `zip_strict(*lists)`.
pub fn zip(strict: bool) -> Value {
    Function::value("zip", move |_, arguments| {
        let (lists, keywords) = arguments.into_parts();
        let mut columns = Vec::new();
        for list in &lists {
            match jinja::value::items(list) {
                Ok(items) => columns.push(items),
                Err(error) if strict => return Err(Raised::compilation(error.message().to_owned())),
                Err(_) => {
                    let default = keywords.into_iter().find(|(name, _)| name == "default");
                    return Ok(default.map_or_else(none, |(_, value)| value));
                }
            }
        }
        let rows = columns.iter().map(Vec::len).min().unwrap_or_default();
        let row = |index: usize| jinja::value::tuple(columns.iter().map(|it| it[index].clone()).collect());
        Ok(jinja::value::list((0..rows).map(row).collect()))
    })
}

/// `diff_of_two_dicts(dict_a, dict_b)`: what the first has and the second lacks, keys and values compared without
/// case.
pub fn diff_of_two_dicts() -> Value {
    Function::value("diff_of_two_dicts", |_, arguments| {
        let [left, right] = arguments.bind(["dict_a", "dict_b"], 2)?;
        let (left, right) = (left.unwrap_or_default(), right.unwrap_or_default());
        let lower = |value: &Value| value.to_string().to_lowercase();
        let mut have: Vec<(String, Vec<String>)> = Vec::new();
        for key in right.try_iter()? {
            let values = right.get_item(&key)?.try_iter()?.map(|it| lower(&it)).collect();
            have.push((lower(&key), values));
        }
        let mut pairs = Vec::new();
        for key in left.try_iter()? {
            let values: Vec<Value> = left.get_item(&key)?.try_iter()?.collect();
            let missing: Vec<Value> = match have.iter().find(|(other, _)| *other == lower(&key)) {
                Some((_, others)) => values.into_iter().filter(|it| !others.contains(&lower(it))).collect(),
                None => values,
            };
            if !missing.is_empty() {
                pairs.push((key, jinja::value::list(missing)));
            }
        }
        Ok(jinja::value::dict(pairs))
    })
}

/// `local_md5(value)`, in hexadecimal.
pub fn local_md5() -> Value {
    Function::value("local_md5", |_, arguments| {
        let [text] = arguments.bind(["value"], 1)?;
        let text = text.unwrap_or_default();
        let Some(written) = text.as_str() else {
            let kind = jinja::value::type_name(&text);
            return Err(Raised::compilation(format!("'{kind}' object has no attribute 'encode'")));
        };
        Ok(Value::from(md5_hex(written)))
    })
}

fn none() -> Value {
    Value::from(())
}

/// The MD5 of a text, in hexadecimal.
pub fn md5_hex(text: &str) -> String {
    hex::encode(Md5::digest(text.as_bytes()))
}

/// `try_or_compiler_error(message_if_exception, func, *args, **kwargs)`.
pub fn try_or_compiler_error() -> Value {
    Function::value("try_or_compiler_error", |state, arguments| {
        let (mut positional, keywords) = arguments.into_parts();
        if positional.len() < 2 {
            return Err(Raised::compilation("try_or_compiler_error takes a message and a function"));
        }
        let mut rest = positional.split_off(2);
        if !keywords.is_empty() {
            rest.push(keywords.into_iter().collect::<jinja::Kwargs>().into());
        }
        let failed = |_| Raised::compilation(positional[0].to_string());
        positional[1].call(state, &rest).map_err(failed)
    })
}
