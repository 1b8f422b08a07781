//! `str()` and `repr()`.

use std::fmt::Write as _;

use minijinja::Value;
use minijinja::value::{DynObject, ObjectRepr};

use super::dict::View;
use super::kind::{Kind, is_container};
use super::number::float_repr;

/// Python's `str(value)`.
pub(crate) fn to_str(value: &Value) -> String {
    let mut out = String::new();
    write_str(value, &mut out);
    out
}

/// Writes `str(value)`.
pub(crate) fn write_str(value: &Value, out: &mut String) {
    match Kind::of(value) {
        Kind::Str(text) => out.push_str(text),
        Kind::Undefined => {}
        Kind::Object(object) if !is_container(object) && !is_view(object) => {
            write_object(object, out);
        }
        _ => write_repr(value, out, &mut Vec::new()),
    }
}

fn write_object(object: &DynObject, out: &mut String) {
    // Writing to a string can't fail, and an object that fails to print prints what it had.
    let _ = write!(out, "{object}");
}

fn is_view(object: &DynObject) -> bool {
    object.repr() == ObjectRepr::Iterable && object.downcast_ref::<View>().is_some()
}

/// Python's `repr(value)`.
pub(crate) fn repr(value: &Value) -> String {
    let mut out = String::new();
    write_repr(value, &mut out, &mut Vec::new());
    out
}

/// How deep a value may nest before its inside prints as `...`.
const DEPTH: usize = 100;

/// `around` are the containers that are being printed: one inside of itself prints as `...`.
fn write_repr(value: &Value, out: &mut String, around: &mut Vec<Value>) {
    match Kind::of(value) {
        Kind::Undefined => out.push_str("Undefined"),
        Kind::None => out.push_str("None"),
        Kind::Bool(it) => out.push_str(if it { "True" } else { "False" }),
        Kind::Int(it) => {
            let _ = write!(out, "{it}");
        }
        Kind::Float(it) => out.push_str(&float_repr(it)),
        Kind::Wide(_) => {
            let _ = write!(out, "{value}");
        }
        Kind::Str(text) if value.is_safe() => {
            out.push_str("Markup(");
            write_repr_str(text, out);
            out.push(')');
        }
        Kind::Str(text) => write_repr_str(text, out),
        Kind::List(list) => nested(value, out, around, ["[", "]"], |out, around| {
            items(&list.items(), out, around);
        }),
        Kind::Tuple(tuple) => nested(value, out, around, ["(", ")"], |out, around| {
            items(tuple, out, around);
            if tuple.len() == 1 {
                out.push(',');
            }
        }),
        Kind::Dict(dict) => nested(value, out, around, ["{", "}"], |out, around| {
            pairs(&dict.pairs(), out, around);
        }),
        Kind::Set(set) if set.len() == 0 => out.push_str("set()"),
        Kind::Set(set) => nested(value, out, around, ["{", "}"], |out, around| {
            items(&set.items(), out, around);
        }),
        Kind::Object(object) => repr_object(value, object, out, around),
        Kind::Other if value.as_bytes().is_some() => {
            let bytes = value.as_bytes().unwrap_or_default();
            let _ = write!(out, "b'{}'", bytes.escape_ascii());
        }
        Kind::Range(_) | Kind::Other => {
            let _ = write!(out, "{value}");
        }
    }
}

fn repr_object(value: &Value, object: &DynObject, out: &mut String, around: &mut Vec<Value>) {
    if let Some(view) = object.downcast_ref::<View>() {
        out.push_str(view.type_name());
        nested(value, out, around, ["([", "])"], |out, around| items(&view.items(), out, around));
        return;
    }
    if let Some(text) = crate::modules::repr(object) {
        out.push_str(&text);
        return;
    }
    // A host object that prints otherwise inside of a list, as Python's `__repr__`.
    if let Some(text) = object.get_value_by_str("__repr__").as_ref().and_then(Value::as_str)
        && !text.is_empty()
    {
        out.push_str(text);
        return;
    }
    if is_container(object) {
        match object.repr() {
            ObjectRepr::Map => {
                let found: Vec<_> = object.try_iter_pairs().into_iter().flatten().collect();
                nested(value, out, around, ["{", "}"], |out, around| pairs(&found, out, around));
                return;
            }
            ObjectRepr::Seq => {
                let found: Vec<_> = object.try_iter().into_iter().flatten().collect();
                nested(value, out, around, ["[", "]"], |out, around| items(&found, out, around));
                return;
            }
            _ => {}
        }
    }
    write_object(object, out);
}

fn nested(
    value: &Value,
    out: &mut String,
    around: &mut Vec<Value>,
    [open, close]: [&str; 2],
    inside: impl FnOnce(&mut String, &mut Vec<Value>),
) {
    out.push_str(open);
    if around.len() > DEPTH || around.iter().any(|it| same(it, value)) {
        out.push_str("...");
    } else {
        around.push(value.clone());
        inside(out, around);
        around.pop();
    }
    out.push_str(close);
}

/// Whether two values are the same object.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    fn address<T: 'static>(value: &Value) -> Option<usize> {
        value.downcast_object_ref::<T>().map(|it| std::ptr::from_ref(it) as usize)
    }
    let address = |value: &Value| {
        address::<super::list::List>(value)
            .or_else(|| address::<super::dict::Dict>(value))
            .or_else(|| address::<super::set::Set>(value))
            .or_else(|| address::<minijinja::value::Tuple>(value))
            .or_else(|| address::<super::namespace::Namespace>(value))
            .or_else(|| address::<super::undefined::Undefined>(value))
    };
    matches!((address(a), address(b)), (Some(a), Some(b)) if a == b)
}

fn items(items: &[Value], out: &mut String, around: &mut Vec<Value>) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write_repr(item, out, around);
    }
}

fn pairs(pairs: &[(Value, Value)], out: &mut String, around: &mut Vec<Value>) {
    for (index, (key, value)) in pairs.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write_repr(key, out, around);
        out.push_str(": ");
        write_repr(value, out, around);
    }
}

/// Python's `repr` of a string.
pub(crate) fn repr_str(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write_repr_str(text, &mut out);
    out
}

fn write_repr_str(text: &str, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if character == quote => {
                out.push('\\');
                out.push(character);
            }
            _ if is_printable(character) => out.push(character),
            _ => escape(character, out),
        }
    }
    out.push(quote);
}

fn escape(character: char, out: &mut String) {
    let code = u32::from(character);
    let _ = match code {
        0..=0xff => write!(out, "\\x{code:02x}"),
        0x100..=0xffff => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
}

/// Python's `str.isprintable` of a character, as far as `repr` shows it.
fn is_printable(character: char) -> bool {
    match character {
        ' ' => true,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => false,
        '\u{e000}'..='\u{f8ff}' | '\u{fff0}'..='\u{fffb}' => false,
        _ => !character.is_control() && !character.is_whitespace(),
    }
}
