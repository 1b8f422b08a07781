//! `sort`, `groupby`, `unique`, `min`, `max`, `dictsort`.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexSet;
use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr, Tuple};

use crate::error::{Error, ErrorKind};
use crate::eval::{Evaluated, Evaluator};
use crate::predicates::is_mapping;
use crate::python::arguments::{Arguments, flag};
use crate::python::compare::{equal, hashable, less, order};
use crate::python::dict::pair;
use crate::python::iterate::{Generator, items};
use crate::python::kind::type_name;
use crate::python::list::List;
use crate::python::sort::sort_values;
use crate::python::text::repr;
use crate::python::undefined::{Undefined, is_undefined};

/// Reads `a.b.0` of an item, as the `attribute` of filters means it.
pub(crate) struct Getter {
    parts: Vec<Value>,
    default: Option<Value>,
}

impl Getter {
    pub(crate) fn new(attribute: Option<&Value>, default: Option<Value>) -> Self {
        let parts = match attribute {
            None => Vec::new(),
            Some(attribute) if attribute.is_none() => Vec::new(),
            Some(attribute) => match attribute.as_str() {
                Some(path) => path.split('.').map(part).collect(),
                None => vec![attribute.clone()],
            },
        };
        Self { parts, default: default.filter(|default| !default.is_none()) }
    }

    /// The getters of `a,b`: a key of several parts.
    fn several(attribute: Option<&Value>) -> Vec<Self> {
        match attribute.and_then(Value::as_str) {
            Some(paths) => paths.split(',').map(|path| Self::new(Some(&Value::from(path)), None)).collect(),
            None => vec![Self::new(attribute, None)],
        }
    }

    pub(crate) fn get(&self, this: &Evaluator<'_, '_, '_>, item: &Value) -> Evaluated<Value> {
        let mut found = item.clone();
        for part in &self.parts {
            found = this.item(&found, part)?;
            if let (Some(default), true) = (&self.default, is_undefined(&found)) {
                found = default.clone();
            }
        }
        Ok(found)
    }
}

fn part(part: &str) -> Value {
    if !part.is_empty()
        && part.bytes().all(|b| b.is_ascii_digit())
        && let Ok(index) = part.parse::<i64>()
    {
        return Value::from(index);
    }
    Value::from(part)
}

/// Strings in lower case, unless case counts.
fn fold(value: Value, case_sensitive: bool) -> Value {
    match value.as_str() {
        Some(text) if !case_sensitive => Value::from(text.to_lowercase()),
        _ => value,
    }
}

pub(super) fn sort(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [value, reverse, case_sensitive, attribute] =
        call.bind(["value", "reverse", "case_sensitive", "attribute"], 1)?;
    let case_sensitive = flag(case_sensitive.as_ref(), false);
    let getters = Getter::several(attribute.as_ref());
    let mut keyed = Vec::new();
    for item in items(&value.unwrap_or_default())? {
        let mut key = Vec::with_capacity(getters.len());
        for getter in &getters {
            key.push(fold(getter.get(this, &item)?, case_sensitive));
        }
        // As lists, equal keys need no order: undefined ones have none.
        keyed.push((List::value(key), item));
    }
    Ok(List::value(sort_values(keyed, flag(reverse.as_ref(), false))?))
}

pub(super) fn unique(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [value, case_sensitive, attribute] = call.bind(["value", "case_sensitive", "attribute"], 1)?;
    let case_sensitive = flag(case_sensitive.as_ref(), false);
    let getter = Getter::new(attribute.as_ref(), None);
    let mut seen = IndexSet::new();
    let mut kept = Vec::new();
    for item in items(&value.unwrap_or_default())? {
        let key = fold(getter.get(this, &item)?, case_sensitive);
        hashable(&key)?;
        if seen.insert(key) {
            kept.push(item);
        }
    }
    Ok(Generator::over("do_unique", kept))
}

pub(super) fn min(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    extreme(this, call, less)
}

pub(super) fn max(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    extreme(this, call, |candidate, best| {
        Ok(order(candidate, best, ">")? == Some(std::cmp::Ordering::Greater))
    })
}

fn extreme(
    this: &Evaluator<'_, '_, '_>,
    call: &Arguments<'_>,
    is_better: fn(&Value, &Value) -> Result<bool, Error>,
) -> Evaluated<Value> {
    let [value, case_sensitive, attribute] = call.bind(["value", "case_sensitive", "attribute"], 1)?;
    let case_sensitive = flag(case_sensitive.as_ref(), false);
    let getter = Getter::new(attribute.as_ref(), None);
    let mut best: Option<(Value, Value)> = None;
    for item in items(&value.unwrap_or_default())? {
        let key = fold(getter.get(this, &item)?, case_sensitive);
        let wins = match &best {
            Some((best, _)) => is_better(&key, best)?,
            None => true,
        };
        if wins {
            best = Some((key, item));
        }
    }
    Ok(match best {
        Some((_, item)) => item,
        None => Undefined::hint("No aggregated item, sequence was empty.", this.chainable()),
    })
}

pub(super) fn dictsort(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [value, case_sensitive, by, reverse] = call.bind(["value", "case_sensitive", "by", "reverse"], 1)?;
    let case_sensitive = flag(case_sensitive.as_ref(), false);
    let by = by.unwrap_or(Value::from("key"));
    let position = match by.as_str() {
        Some("key") => 0,
        Some("value") => 1,
        _ => {
            let message = "You can only sort by either \"key\" or \"value\"";
            return Err(Error::new(ErrorKind::Type, message).into());
        }
    };
    let value = value.unwrap_or_default();
    if !is_mapping(&value) && !is_undefined(&value) {
        let message = format!("'{}' object has no attribute 'items'", type_name(&value));
        return Err(Error::new(ErrorKind::Attribute, message).into());
    }
    let pairs = this.call_method(&value, "items", Vec::new(), Vec::new())?;
    let mut keyed = Vec::new();
    for pair in items(&pairs)? {
        let key = items(&pair)?.get(position).cloned().unwrap_or_default();
        keyed.push((fold(key, case_sensitive), pair));
    }
    Ok(List::value(sort_values(keyed, flag(reverse.as_ref(), false))?))
}

/// A group of `groupby`: a pair with names for its parts.
#[derive(Debug)]
pub(crate) struct Group {
    grouper: Value,
    list: Value,
}

impl Object for Group {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match (key.as_str(), key.as_usize()) {
            (Some("grouper"), _) | (_, Some(0)) => Some(self.grouper.clone()),
            (Some("list"), _) | (_, Some(1)) => Some(self.list.clone()),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(vec![self.grouper.clone(), self.list.clone()])
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&repr(&pair((self.grouper.clone(), self.list.clone()))))
    }
}

pub(super) fn groupby(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [value, attribute, default, case_sensitive] =
        call.bind(["value", "attribute", "default", "case_sensitive"], 2)?;
    let case_sensitive = flag(case_sensitive.as_ref(), false);
    let getter = Getter::new(attribute.as_ref(), default);
    let mut keyed = Vec::new();
    for item in items(&value.unwrap_or_default())? {
        let key = getter.get(this, &item)?;
        let folded = fold(key.clone(), case_sensitive);
        let entry = Tuple::from([key, item, folded.clone()]);
        keyed.push((folded, Value::from(entry)));
    }
    let mut groups: Vec<(Value, Value, Vec<Value>)> = Vec::new();
    for entry in sort_values(keyed, false)? {
        let [key, item, folded] = items(&entry)?.try_into().unwrap_or_default();
        match groups.last_mut() {
            Some((last, _, members)) if equal(last, &folded) => members.push(item),
            _ => groups.push((folded, key, vec![item])),
        }
    }
    let group = |(_, grouper, members): (Value, Value, Vec<Value>)| {
        Value::from_object(Group { grouper, list: List::value(members) })
    };
    Ok(List::value(groups.into_iter().map(group).collect()))
}
