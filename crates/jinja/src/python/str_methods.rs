//! The methods of strings.

pub(crate) mod case;
mod search;
pub(crate) mod split;

use minijinja::Value;

use super::Result;
use super::arguments::{Arguments, integer, length, string};
use super::arithmetic::{LONGEST, fits};
use super::dict::Dict;
use super::iterate::items;
use super::kind::{Kind, type_name};
use super::number::int;
use super::undefined;
use crate::error::{Error, ErrorKind};

/// The methods that strings have.
pub(crate) const NAMES: [&str; 47] = [
    "capitalize",
    "casefold",
    "center",
    "count",
    "encode",
    "endswith",
    "expandtabs",
    "find",
    "format",
    "format_map",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "maketrans",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "translate",
    "upper",
    "zfill",
];

/// Calls a method of a string.
pub(crate) fn call(text: &str, name: &str, call: &Arguments<'_>) -> Result<Value> {
    let takes_nothing = matches!(name, "capitalize" | "casefold" | "lower" | "upper" | "swapcase" | "title")
        || name.starts_with("is");
    if takes_nothing {
        call.bind([], 0)?;
    }
    Ok(match name {
        "capitalize" => Value::from(case::capitalize(text)),
        "casefold" => Value::from(text.to_lowercase().replace('ß', "ss")),
        "lower" => Value::from(text.to_lowercase()),
        "upper" => Value::from(text.to_uppercase()),
        "swapcase" => Value::from(case::swap(text)),
        "title" => Value::from(case::title(text)),
        "center" | "ljust" | "rjust" => pad(text, name, call)?,
        "zfill" => {
            let [width] = call.bind(["width"], 1)?;
            Value::from(zero_fill(text, length(width.as_ref(), 0)?))
        }
        "count" | "find" | "rfind" | "index" | "rindex" | "startswith" | "endswith" => {
            return search::call(text, name, call);
        }
        "split" | "rsplit" | "splitlines" | "partition" | "rpartition" => {
            return split::call(text, name, call);
        }
        "encode" => {
            let [encoding, _] = call.bind(["encoding", "errors"], 0)?;
            encodable(text, encoding.as_ref())?;
            Value::from_bytes(text.as_bytes().to_vec())
        }
        "expandtabs" => {
            let [size] = call.bind(["tabsize"], 0)?;
            Value::from(expand_tabs(text, length(size.as_ref(), 8)?)?)
        }
        "join" => return join(text, call),
        "lstrip" | "rstrip" | "strip" => return strip(text, name, call),
        "removeprefix" => {
            let [prefix] = call.bind(["prefix"], 1)?;
            let prefix = prefix.unwrap_or_default();
            let prefix = string(&prefix, "removeprefix() argument")?;
            Value::from(text.strip_prefix(prefix).unwrap_or(text))
        }
        "removesuffix" => {
            let [suffix] = call.bind(["suffix"], 1)?;
            let suffix = suffix.unwrap_or_default();
            let suffix = string(&suffix, "removesuffix() argument")?;
            Value::from(text.strip_suffix(suffix).unwrap_or(text))
        }
        "replace" => return replace(text, call),
        "maketrans" => return make_translation(call),
        "translate" => {
            let [table] = call.bind(["table"], 1)?;
            Value::from(translate(text, &table.unwrap_or_default())?)
        }
        _ => Value::from(case::is(text, name)),
    })
}

/// `center`, `ljust`, `rjust`
fn pad(text: &str, name: &str, call: &Arguments<'_>) -> Result<Value> {
    let [width, fill] = call.bind(["width", "fillchar"], 1)?;
    let width = length(width.as_ref(), 0)?;
    let fill = fill.unwrap_or(Value::from(" "));
    let fill = string(&fill, "The fill character")?;
    if fill.chars().count() != 1 {
        let message = "The fill character must be exactly one character long";
        return Err(Error::new(ErrorKind::Type, message));
    }
    let missing = width.saturating_sub(text.chars().count());
    let left = match name {
        "ljust" => 0,
        "rjust" => missing,
        _ => center_left(missing, width),
    };
    Ok(Value::from(padded(text, fill, left, missing - left)))
}

/// How much of the padding Python's `center` puts on the left.
pub(crate) fn center_left(missing: usize, width: usize) -> usize {
    missing / 2 + (missing & width & 1)
}

/// A text with padding on both sides.
pub(crate) fn padded(text: &str, fill: &str, left: usize, right: usize) -> String {
    format!("{}{text}{}", fill.repeat(left.min(LONGEST)), fill.repeat(right.min(LONGEST)))
}

fn zero_fill(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.chars().count());
    let (sign, digits) = match text.strip_prefix(['-', '+']) {
        Some(digits) => (&text[..1], digits),
        None => ("", text),
    };
    format!("{sign}{}{digits}", padded("", "0", missing, 0))
}

/// An error if the encoding is ASCII and the text isn't.
fn encodable(text: &str, encoding: Option<&Value>) -> Result<()> {
    let is_ascii = encoding.and_then(Value::as_str).is_some_and(|name| name.eq_ignore_ascii_case("ascii"));
    let Some((at, letter)) = text.chars().enumerate().find(|(_, it)| is_ascii && !it.is_ascii()) else {
        return Ok(());
    };
    let shown = match u32::from(letter) {
        code @ ..0x100 => format!("'\\x{code:02x}'"),
        code @ ..0x10000 => format!("'\\u{code:04x}'"),
        code => format!("'\\U{code:08x}'"),
    };
    let message =
        format!("'ascii' codec can't encode character {shown} in position {at}: ordinal not in range(128)");
    Err(Error::new(ErrorKind::Value, message))
}

fn expand_tabs(text: &str, size: usize) -> Result<String> {
    let mut out = String::new();
    let mut column = 0;
    for character in text.chars() {
        match character {
            '\t' if size > 0 => {
                let spaces = size - column % size;
                fits(out.len().saturating_add(spaces))?;
                out.push_str(&" ".repeat(spaces));
                column += spaces;
            }
            '\t' => {}
            '\n' | '\r' => {
                out.push(character);
                column = 0;
            }
            _ => {
                out.push(character);
                column += 1;
            }
        }
    }
    Ok(out)
}

fn join(separator: &str, call: &Arguments<'_>) -> Result<Value> {
    let [parts] = call.bind(["iterable"], 1)?;
    let parts = parts.unwrap_or_default();
    let parts = items(&parts).map_err(|_| Error::new(ErrorKind::Type, "can only join an iterable"))?;
    let mut joined = String::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            joined.push_str(separator);
        }
        let Some(part) = part.as_str() else {
            let message = format!("sequence item {at}: expected str instance, {} found", type_name(part));
            return Err(Error::new(ErrorKind::Type, message));
        };
        joined.push_str(part);
    }
    Ok(Value::from(joined))
}

fn strip(text: &str, name: &str, call: &Arguments<'_>) -> Result<Value> {
    let [characters] = call.bind(["chars"], 0)?;
    let what = match characters.as_ref() {
        Some(value) if !value.is_none() => {
            Some(string(value, &format!("{name} arg"))?.chars().collect::<Vec<char>>())
        }
        _ => None,
    };
    let is_stripped = |character: char| match &what {
        Some(characters) => characters.contains(&character),
        None => crate::syntax::lexer::is_space(character),
    };
    let mut rest = text;
    if name != "rstrip" {
        rest = rest.trim_start_matches(is_stripped);
    }
    if name != "lstrip" {
        rest = rest.trim_end_matches(is_stripped);
    }
    Ok(Value::from(rest))
}

fn replace(text: &str, call: &Arguments<'_>) -> Result<Value> {
    let [old, new, count] = call.bind(["old", "new", "count"], 2)?;
    let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
    let old = string(&old, "replace() argument 1")?;
    let new = string(&new, "replace() argument 2")?;
    let count = count.map_or(Ok(-1), |count| integer(&count))?;
    replaced(text, old, new, usize::try_from(count).unwrap_or(usize::MAX)).map(Value::from)
}

/// The text with the first so many occurrences replaced.
pub(crate) fn replaced(text: &str, old: &str, new: &str, count: usize) -> Result<String> {
    let longer = new.len().saturating_sub(old.len());
    let places = || if old.is_empty() { text.len() + 1 } else { text.len() / old.len() };
    // Counted only where the longest result that there might be is too long.
    if longer.saturating_mul(places().min(count)) > LONGEST {
        fits(text.len().saturating_add(longer.saturating_mul(text.matches(old).take(count).count())))?;
    }
    Ok(text.replacen(old, new, count))
}

/// `str.maketrans(mapping)`, `str.maketrans(from, to, deleted)`
fn make_translation(call: &Arguments<'_>) -> Result<Value> {
    let [from, to, deleted] = call.bind(["x", "y", "z"], 1)?;
    let from = from.unwrap_or_default();
    let code = |character: char| int(i128::from(u32::from(character)));
    let mut table = indexmap::IndexMap::new();
    if let (Kind::Dict(mapping), None) = (Kind::of(&from), &to) {
        for (key, value) in mapping.pairs() {
            let key = key.as_str().and_then(|key| key.chars().next()).map_or(key.clone(), code);
            table.insert(key, value);
        }
        return Ok(Dict::value(table));
    }
    let to = to.unwrap_or_default();
    let (from, to) = (string(&from, "argument 1")?, string(&to, "argument 2")?);
    if from.chars().count() != to.chars().count() {
        let message = "the first two maketrans arguments must have equal length";
        return Err(Error::new(ErrorKind::Value, message));
    }
    table.extend(from.chars().map(code).zip(to.chars().map(code)));
    if let Some(deleted) = deleted {
        let none = Value::from(());
        let keys = string(&deleted, "argument 3")?.chars().map(code);
        table.extend(keys.map(|key| (key, none.clone())));
    }
    Ok(Dict::value(table))
}

fn translate(text: &str, table: &Value) -> Result<String> {
    if undefined::is_undefined(table) {
        return Err(undefined::error(table));
    }
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        let key = int(i128::from(u32::from(character)));
        let found = match Kind::of(table) {
            Kind::Dict(table) => table.get(&key),
            _ => None,
        };
        match found.as_ref().map(Kind::of) {
            None => out.push(character),
            Some(Kind::Str(text)) => out.push_str(text),
            Some(Kind::Int(code)) => {
                out.extend(u32::try_from(code).ok().and_then(char::from_u32));
            }
            Some(_) => {}
        }
    }
    Ok(out)
}
