//! selectors.yml: named definitions (<https://docs.getdbt.com/reference/node-selection/yaml-selectors>).

use super::SelectionError;
use super::expression::{Criterion, Expression, IndirectSelection, Reach};
use super::method::is_known;
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

/// A number of steps; dbt writes it as text where the definition was one. The number zero says nothing, the text
/// does.
fn depth(relatives: &str, value: &Value) -> Result<Option<usize>, SelectionError> {
    let read = match value {
        Value::String(text) if !text.is_empty() => text.trim().parse::<i64>().ok(),
        #[expect(clippy::cast_possible_truncation, reason = "Python cuts fractions off, too")]
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|it| it as i64)),
        Value::Bool(true) => Some(1),
        Value::Array(_) | Value::Object(_) => None,
        _ => return Ok(None),
    };
    let steps = read.ok_or_else(|| {
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        SelectionError::Definition(format!("Invalid node spec - could not handle {relatives} depth {shown}"))
    })?;
    // A negative number of steps leads nowhere.
    Ok((steps != 0 || value.is_string()).then(|| usize::try_from(steps).unwrap_or(0)))
}

/// Whether Python takes a flag of a definition for true: any text that isn't empty is.
fn is_set(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Bool(yes)) => *yes,
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(keys)) => !keys.is_empty(),
    }
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
        let mut excluded = None;
        for item in items {
            // As in dbt, whatever has `exclude` is the list's exclusion and nothing else.
            match item.get("exclude").filter(|_| !self.is_inlined(item)) {
                Some(_) if excluded.is_some() => {
                    return Err(SelectionError::Definition(format!(
                        "You cannot provide multiple exclude arguments to the same selector set operator:\n{item}"
                    )));
                }
                Some(exclude) => excluded = Some(self.exclusion(exclude)?),
                None => parts.push(self.definition(item)?),
            }
        }
        Ok(without(combine(parts), excluded))
    }

    /// Whether an item is what the manifest has in place of `method: selector`.
    fn is_inlined(&self, item: &Value) -> bool {
        self.written.values().any(|selector| selector.get("definition") == Some(item))
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
        if method != "selector" {
            is_known(method.split('.').next().unwrap_or_default())?;
        }
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
        Ok(without(base, excluded))
    }

    fn criterion(
        &self,
        method: &str,
        value: String,
        keys: &Map<String, Value>,
    ) -> Result<Criterion, SelectionError> {
        let flag = |key: &str| is_set(keys.get(key));
        let reach = |key: &str, relatives: &str| {
            let steps =
                keys.get(&format!("{key}_depth")).map(|it| depth(relatives, it)).transpose()?.flatten();
            Ok::<_, SelectionError>(flag(key).then(|| steps.map_or(Reach::All, Reach::Steps)))
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
            parents: reach("parents", "parent")?,
            children: reach("children", "child")?,
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

fn without(base: Expression, excluded: Option<Expression>) -> Expression {
    match excluded {
        None => base,
        Some(excluded) => Expression::Difference(Box::new(base), Box::new(excluded)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(definition: Value) -> Result<Expression, String> {
        let written = json!({
            "kept": {"definition": {"method": "fqn", "value": "a", "exclude": ["b"]}},
            "s": {"definition": definition},
        });
        let written = written.as_object().expect("an object");
        let known = selectors(written, IndirectSelection::Eager).map_err(|error| error.to_string())?;
        known.get("s").cloned().map_err(|error| error.to_string())
    }

    #[track_caller]
    fn same(one: Value, other: Value) {
        let (one, other) = (read(one).expect("readable"), read(other).expect("readable"));
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
    }

    #[track_caller]
    fn refused(definition: Value, message: &str) {
        let found = read(definition).expect_err("refused");
        assert!(found.contains(message), "{found}");
    }

    #[test]
    fn an_item_with_an_exclusion_is_nothing_else() {
        let item = json!({"method": "fqn", "value": "b", "exclude": ["c"]});
        same(json!({"union": ["a", item]}), json!({"union": ["a", {"exclude": ["c"]}]}));
        refused(
            json!({"union": ["a", item, {"exclude": ["d"]}]}),
            "cannot provide multiple exclude arguments to the same selector set operator",
        );
        // What stands in place of `method: selector` keeps its own.
        let inlined = json!({"method": "fqn", "value": "a", "exclude": ["b"]});
        let found = read(json!({"union": ["x", inlined]})).expect("readable");
        assert!(matches!(found, Expression::Union(parts) if parts.len() == 2));
    }

    #[test]
    fn methods_and_depths_are_checked_where_nothing_asks_for_them() {
        refused(json!({"union": ["a", "bad:x"]}), "'bad' is not a valid method name");
        refused(json!({"exclude": ["a"]}), "'exclude' is not a valid method name");
        let with =
            |key: &str, value: Value| json!({"method": "fqn", "value": "a", "parents": true, key: value});
        refused(with("parents_depth", json!("x")), "could not handle parent depth x");
        refused(with("children_depth", json!("x")), "could not handle child depth x");
        same(with("parents_depth", json!(0)), with("parents", json!("false")));
        same(with("parents_depth", json!("1")), with("parents_depth", json!(1.5)));
    }
}
