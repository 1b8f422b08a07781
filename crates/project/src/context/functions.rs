//! Functions of templates that need no node (<https://docs.getdbt.com/reference/dbt-jinja-functions>).

use crate::context::raised::Raised;
use crate::context::scope::Context;
use crate::{json, yaml};
use chrono::{DateTime, Utc};
use jinja::{HostError, Kwargs, Rest, State, Value, from_args};
use md5::{Digest, Md5};
use platform_core::event::{Event, Level};
use serde_json::Value as Json;
use std::sync::Arc;

/// `log(msg, info=False)`: to the log file, with `info` to the terminal too.
pub fn log(context: Arc<Context>) -> Value {
    Value::from_function(move |args: Rest<Value>| -> Result<Value, HostError> {
        let (message, info, kwargs): (Value, Option<bool>, Kwargs) = from_args(&args)?;
        let info = info.or_else(|| kwargs.get("info").ok()).unwrap_or(false);
        let level = if info { Level::Info } else { Level::Debug };
        let name = if info { "JinjaLogInfo" } else { "JinjaLogDebug" };
        say(&context, level, name, &jinja::value::to_str(&message));
        Ok(Value::from(""))
    })
}

/// `print(msg)`: to standard output.
pub fn print(context: Arc<Context>) -> Value {
    Value::from_function(move |message: Value| {
        if !context.shared().flags.is_off("print") {
            say(&context, Level::Info, "PrintEvent", &jinja::value::to_str(&message));
        }
        Value::from("")
    })
}

fn say(context: &Context, level: Level, name: &str, message: &str) {
    let shared = context.shared();
    let message = crate::context::env::scrub(message, &shared.env);
    shared.events.send(Event::new(level, name, message.clone()).with("msg", message));
}

/// `fromjson(text, default=None)`.
pub fn from_json() -> Value {
    Value::from_function(|text: Value, default: Option<Value>| {
        text.as_str()
            .and_then(|text| serde_json::from_str::<Json>(text).ok())
            .map_or_else(|| default.unwrap_or_else(|| Value::from(())), |json| jinja::value::from_json(&json))
    })
}

/// `tojson(value, default=None, sort_keys=False)`.
pub fn to_json() -> Value {
    Value::from_function(|args: Rest<Value>| -> Result<Value, HostError> {
        let (value, default, sort, kwargs): (Value, Option<Value>, Option<bool>, Kwargs) = from_args(&args)?;
        let default = default.or_else(|| kwargs.get("default").ok()).unwrap_or_else(|| Value::from(()));
        let sort = sort.or_else(|| kwargs.get("sort_keys").ok()).unwrap_or(false);
        Ok(match jinja::value::to_json(&value) {
            Ok(value) => Value::from(if sort { json::dumps_sorted(&value) } else { json::dumps(&value) }),
            Err(_) => default,
        })
    })
}

/// `fromyaml(text, default=None)`.
pub fn from_yaml() -> Value {
    Value::from_function(|text: Value, default: Option<Value>| {
        text.as_str().and_then(|text| yaml::parse("fromyaml", text).ok()).map_or_else(
            || default.unwrap_or_else(|| Value::from(())),
            |document| jinja::value::from_json(&document.root.to_json()),
        )
    })
}

/// `toyaml(value, default=None, sort_keys=False)`.
pub fn to_yaml() -> Value {
    Value::from_function(|args: Rest<Value>| -> Result<Value, HostError> {
        let (value, default, sort, kwargs): (Value, Option<Value>, Option<bool>, Kwargs) = from_args(&args)?;
        let default = default.or_else(|| kwargs.get("default").ok()).unwrap_or_else(|| Value::from(()));
        let sort = sort.or_else(|| kwargs.get("sort_keys").ok()).unwrap_or(false);
        Ok(jinja::value::to_json(&value).map_or(default, |value| Value::from(yaml::dump(&value, sort))))
    })
}

/// `set(iterable, default=None)`.
pub fn set() -> Value {
    Value::from_function(|items: Value, default: Option<Value>| match items.try_iter() {
        Ok(items) => jinja::value::set(items),
        Err(_) => default.unwrap_or_else(|| Value::from(())),
    })
}

/// `set_strict(iterable)`.
pub fn set_strict() -> Value {
    Value::from_function(|items: Value| -> Result<Value, HostError> {
        Ok(jinja::value::set(items.try_iter().map_err(|error| Raised::compilation(error.to_string()))?))
    })
}

/// `zip(*lists, default=None)`, `zip_strict(*lists)`.
pub fn zip(strict: bool) -> Value {
    Value::from_function(move |args: Rest<Value>| -> Result<Value, HostError> {
        let (lists, kwargs): (Rest<Value>, Kwargs) = from_args(&args)?;
        let mut columns = Vec::new();
        for list in lists.iter() {
            match list.try_iter() {
                Ok(items) => columns.push(items.collect::<Vec<_>>()),
                Err(error) if strict => return Err(Raised::compilation(error.to_string())),
                Err(_) => return Ok(kwargs.get("default").unwrap_or_else(|_| Value::from(()))),
            }
        }
        let rows = columns.iter().map(Vec::len).min().unwrap_or_default();
        let row = |index: usize| jinja::value::tuple(columns.iter().map(|it| it[index].clone()).collect());
        Ok(jinja::value::list((0..rows).map(row).collect()))
    })
}

/// `diff_of_two_dicts(a, b)`: what `a` has and `b` lacks, keys and values compared without case.
pub fn diff_of_two_dicts() -> Value {
    Value::from_function(|left: Value, right: Value| -> Result<Value, HostError> {
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

/// `local_md5(text)`, in hexadecimal.
pub fn local_md5() -> Value {
    Value::from_function(|text: Value| md5_hex(&jinja::value::to_str(&text)))
}

/// The MD5 of a text, in hexadecimal.
pub fn md5_hex(text: &str) -> String {
    hex::encode(Md5::digest(text.as_bytes()))
}

/// `try_or_compiler_error(message, function, *args, **kwargs)`.
pub fn try_or_compiler_error() -> Value {
    Value::from_function(|state: &mut State<'_, '_>, args: Rest<Value>| -> Result<Value, HostError> {
        let [message, function, rest @ ..] = args.as_slice() else {
            return Err(Raised::compilation("try_or_compiler_error takes a message and a function"));
        };
        function.call(state, rest).map_err(|_| Raised::compilation(message.to_string()))
    })
}

/// A moment as Python's aware `datetime`.
pub fn datetime(moment: DateTime<Utc>) -> Value {
    // Until the Jinja crate has a datetime of its own: the text Python prints.
    Value::from(moment.format("%Y-%m-%d %H:%M:%S%.6f+00:00").to_string())
}
