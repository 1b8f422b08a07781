//! selectors.yml: named definitions (<https://docs.getdbt.com/reference/node-selection/yaml-selectors>).

use super::SelectionError;
use super::expression::{Criterion, Expression, IndirectSelection, Reach};
use super::token;
use indexmap::IndexMap;
use serde_json::{Map, Value};

/// The selectors of a project, by name.
#[derive(Clone, Debug, Default)]
pub struct YamlSelectors {
    definitions: IndexMap<String, Expression>,
    default: Option<String>,
}

impl YamlSelectors {
    /// What the name stands for.
    pub fn get(&self, name: &str) -> Result<&Expression, SelectionError> {
        self.definitions.get(name).ok_or_else(|| SelectionError::Selector {
            name: name.to_owned(),
            known: format!(
                "[{}]",
                self.definitions.keys().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
            ),
        })
    }

    /// The selector that stands in where nothing is selected: `default: true`.
    pub fn default(&self) -> Option<(&str, &Expression)> {
        let name = self.default.as_deref()?;
        Some((name, self.definitions.get(name)?))
    }

    /// Names, in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.definitions.keys().map(String::as_str)
    }
}

/// Reads the selectors of a manifest: by name, each with `definition` and perhaps `default`.
pub fn selectors(
    written: &Map<String, Value>,
    indirect: IndirectSelection,
) -> Result<YamlSelectors, SelectionError> {
    let mut reader = Reader { written, indirect, done: IndexMap::new(), open: Vec::new() };
    let mut default = None;
    for (name, selector) in written {
        reader.selector(name)?;
        if !truthy(selector.get("default")) {
            continue;
        }
        if let Some(other) = default.replace(name.clone()) {
            return Err(SelectionError::Definition(format!(
                "Found multiple selectors with `default: true`: {other}, {name}"
            )));
        }
    }
    let definitions =
        written.keys().filter_map(|name| Some((name.clone(), reader.done.get(name)?.clone()))).collect();
    Ok(YamlSelectors { definitions, default })
}

/// A number of steps; dbt writes it as text where the definition was one.
fn depth(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn truthy(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(yes)) => *yes,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

struct Reader<'a> {
    written: &'a Map<String, Value>,
    indirect: IndirectSelection,
    done: IndexMap<String, Expression>,
    open: Vec<String>,
}

impl Reader<'_> {
    fn selector(&mut self, name: &str) -> Result<Expression, SelectionError> {
        if let Some(known) = self.done.get(name) {
            return Ok(known.clone());
        }
        let Some(written) = self.written.get(name) else {
            return Err(SelectionError::Definition(format!(
                "Existing selector definition for {name} not found."
            )));
        };
        if self.open.iter().any(|open| open == name) {
            return Err(SelectionError::Definition(format!(
                "selector `{name}` is defined by itself: {} → {name}",
                self.open.join(" → ")
            )));
        }
        self.open.push(name.to_owned());
        let definition = written.get("definition").unwrap_or(&Value::Null);
        let read = self.definition(definition).map_err(|error| match error {
            SelectionError::Definition(message) if !message.contains("selector") => {
                SelectionError::Definition(format!("{message}, in the definition of selector `{name}`"))
            }
            other => other,
        })?;
        self.open.pop();
        self.done.insert(name.to_owned(), read.clone());
        Ok(read)
    }

    fn definition(&mut self, definition: &Value) -> Result<Expression, SelectionError> {
        match definition {
            Value::String(text) => token::union(std::slice::from_ref(text), self.indirect),
            Value::Object(keys) if keys.contains_key("union") => self.list(keys, "union", Expression::Union),
            Value::Object(keys) if keys.contains_key("intersection") => {
                self.list(keys, "intersection", Expression::Intersection)
            }
            Value::Object(keys) if keys.contains_key("method") => self.method(keys),
            Value::Object(keys) if keys.len() == 1 => {
                let (method, value) = keys.iter().next().unwrap_or((&EMPTY, &Value::Null));
                let mut written = Map::new();
                written.insert("method".into(), method.as_str().into());
                written.insert("value".into(), value.clone());
                self.method(&written)
            }
            other => Err(SelectionError::Definition(format!(
                "Expected to find a str or dict with one of \"union\", \"intersection\", \"method\", got {other}"
            ))),
        }
    }

    /// A list of definitions, and `exclude` beside or among them.
    fn list(
        &mut self,
        keys: &Map<String, Value>,
        key: &str,
        combine: fn(Vec<Expression>) -> Expression,
    ) -> Result<Expression, SelectionError> {
        let Some(Value::Array(items)) = keys.get(key) else {
            return Err(SelectionError::Definition(format!("`{key}` must be a list of definitions")));
        };
        let mut parts = Vec::new();
        let mut excluded = Vec::new();
        for item in items {
            match item.as_object().and_then(|keys| keys.get("exclude")).filter(|_| is_single(item)) {
                Some(exclude) => excluded.push(self.exclusion(exclude)?),
                None => parts.push(self.definition(item)?),
            }
        }
        if let Some(exclude) = keys.get("exclude") {
            excluded.push(self.exclusion(exclude)?);
        }
        Ok(without(combine(parts), excluded))
    }

    fn exclusion(&mut self, exclude: &Value) -> Result<Expression, SelectionError> {
        match exclude {
            Value::Array(items) => {
                let parts: Result<Vec<_>, _> = items.iter().map(|item| self.definition(item)).collect();
                Ok(Expression::Union(parts?))
            }
            one => self.definition(one),
        }
    }

    fn method(&mut self, keys: &Map<String, Value>) -> Result<Expression, SelectionError> {
        let method = keys.get("method").and_then(Value::as_str).ok_or_else(|| {
            SelectionError::Definition("`method` must be the name of a selection method".into())
        })?;
        let value = match keys.get("value") {
            Some(Value::String(text)) => text.clone(),
            None | Some(Value::Null | Value::Object(_) | Value::Array(_)) => {
                return Err(SelectionError::Definition(format!("method `{method}` needs a `value`")));
            }
            Some(other) => other.to_string(),
        };
        let excluded = keys.get("exclude").map(|exclude| self.exclusion(exclude)).transpose()?;
        let base = if method == "selector" {
            self.selector(&value)?
        } else {
            let criterion = self.criterion(method, value, keys)?;
            Expression::Expected(criterion.text.clone(), Box::new(Expression::Criterion(criterion)))
        };
        Ok(without(base, excluded.into_iter().collect()))
    }

    fn criterion(
        &self,
        method: &str,
        value: String,
        keys: &Map<String, Value>,
    ) -> Result<Criterion, SelectionError> {
        let flag = |key: &str| truthy(keys.get(key));
        let reach = |key: &str| {
            let steps = keys.get(&format!("{key}_depth")).and_then(depth);
            let steps = steps.and_then(|steps| usize::try_from(steps).ok());
            flag(key).then(|| steps.map_or(Reach::All, Reach::Steps))
        };
        let indirect = match keys.get("indirect_selection").and_then(Value::as_str) {
            None => self.indirect,
            Some(word) => IndirectSelection::parse(word).ok_or_else(|| {
                SelectionError::Definition(format!(
                    "`indirect_selection: {word}` is none of {}",
                    IndirectSelection::WORDS.join(", ")
                ))
            })?,
        };
        let mut names = method.split('.').map(str::to_owned);
        let text = format!("{method}:{value}");
        let criterion = Criterion {
            method: names.next().unwrap_or_default(),
            arguments: names.collect(),
            value,
            childrens_parents: flag("childrens_parents"),
            parents: reach("parents"),
            children: reach("children"),
            indirect,
            text,
        };
        if criterion.childrens_parents && criterion.children.is_some() {
            return Err(SelectionError::AtAndPlus(criterion.text));
        }
        Ok(criterion)
    }
}

static EMPTY: String = String::new();

fn is_single(item: &Value) -> bool {
    item.as_object().is_some_and(|keys| keys.len() == 1)
}

fn without(base: Expression, mut excluded: Vec<Expression>) -> Expression {
    match excluded.len() {
        0 => base,
        1 => Expression::Difference(Box::new(base), Box::new(excluded.remove(0))),
        _ => Expression::Difference(Box::new(base), Box::new(Expression::Union(excluded))),
    }
}
