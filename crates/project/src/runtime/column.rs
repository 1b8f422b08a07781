//! Columns in templates: what `adapter.get_columns_in_relation` gives, and `api.Column`.
//!
//! <https://docs.getdbt.com/reference/dbt-classes#column>

use crate::context::arguments::{Arguments, bound_method, no_method, text};
use crate::context::raised::{Kind, Raised};
use jinja::{DynObject, Enumerator, HostError, Object, ObjectRepr, State, Value};
use platform_core::relation::{quote_identifier, quote_literal};
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// A column of a relation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ColumnObject {
    /// Name.
    pub name: String,
    /// Type without length: `character varying`, `numeric`, `integer`; as in information_schema `ARRAY` for arrays
    /// and `USER-DEFINED` for what is not Postgres's own.
    pub data_type: String,
    /// The type by which SQL can ask for it, where `data_type` is only a word for its kind: `integer[]`.
    pub written_type: Option<String>,
    /// Length of strings.
    pub char_size: Option<i64>,
    /// Digits of numerics.
    pub numeric_precision: Option<i64>,
    /// Digits after the point.
    pub numeric_scale: Option<i64>,
}

impl ColumnObject {
    /// The column inside of a value.
    pub fn of(value: &Value) -> Option<Arc<Self>> {
        value.downcast_object::<Self>()
    }

    /// The type as SQL has it, with length or precision.
    pub fn full_type(&self) -> String {
        let unlimited = self.data_type.eq_ignore_ascii_case("text")
            || (self.data_type.eq_ignore_ascii_case("character varying") && self.char_size.is_none());
        if unlimited {
            self.data_type.clone()
        } else if self.is_string() {
            string_type(self.string_size())
        } else if self.is_numeric() {
            numeric_type(&self.data_type, self.numeric_precision, self.numeric_scale)
        } else {
            self.data_type.clone()
        }
    }

    /// Whether it is text of any kind.
    pub fn is_string(&self) -> bool {
        self.is_one_of(&["text", "character varying", "character", "varchar"])
    }

    fn is_numeric(&self) -> bool {
        self.is_one_of(&["numeric", "decimal"])
    }

    fn is_float(&self) -> bool {
        self.is_one_of(&["real", "float4", "float", "double precision", "float8", "double"])
    }

    fn is_integer(&self) -> bool {
        self.is_one_of(&[
            "smallint",
            "integer",
            "bigint",
            "smallserial",
            "serial",
            "bigserial",
            "int2",
            "int4",
            "int8",
            "serial2",
            "serial4",
            "serial8",
        ])
    }

    fn is_one_of(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.data_type.eq_ignore_ascii_case(name))
    }

    /// Length of a string column; 256 where Postgres has no limit.
    pub fn string_size(&self) -> i64 {
        if self.data_type.eq_ignore_ascii_case("text") { 256 } else { self.char_size.unwrap_or(256) }
    }

    /// Whether its type may grow into the other's: both strings, the other longer.
    pub fn can_expand_to(&self, other: &Self) -> bool {
        self.is_string() && other.is_string() && other.string_size() > self.string_size()
    }

    fn attribute(&self, key: &str) -> Option<Value> {
        let number = |value: Option<i64>| value.map_or_else(|| Value::from(()), Value::from);
        Some(match key {
            "name" | "column" => Value::from(self.name.as_str()),
            "dtype" => Value::from(self.data_type.as_str()),
            "data_type" => Value::from(self.full_type()),
            // Ours, for statements that must name the type.
            "exact_type" => Value::from(self.written_type.clone().unwrap_or_else(|| self.full_type())),
            "quoted" => Value::from(quote_identifier(&self.name)),
            "char_size" => number(self.char_size),
            "numeric_precision" => number(self.numeric_precision),
            "numeric_scale" => number(self.numeric_scale),
            _ => return None,
        })
    }
}

fn string_type(size: i64) -> String {
    format!("character varying({size})")
}

fn numeric_type(name: &str, precision: Option<i64>, scale: Option<i64>) -> String {
    match (precision, scale) {
        (Some(precision), Some(scale)) => format!("{name}({precision},{scale})"),
        _ => name.to_owned(),
    }
}

/// dbt's short labels for types: `STRING`, `FLOAT`, …
pub(super) fn translate_type(name: &str) -> String {
    if name.eq_ignore_ascii_case("string") { "TEXT".to_owned() } else { name.to_owned() }
}

impl Object for ColumnObject {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.attribute(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.attribute(key)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        let arguments = Arguments::new(method, args)?;
        Ok(match method {
            "is_string" => Value::from(self.is_string()),
            "is_numeric" => Value::from(self.is_numeric()),
            "is_float" => Value::from(self.is_float()),
            "is_integer" => Value::from(self.is_integer()),
            "is_number" => Value::from(self.is_numeric() || self.is_float() || self.is_integer()),
            "string_size" if !self.is_string() => {
                return Err(Raised::error(Kind::Runtime, "Called string_size() on non-string field!"));
            }
            "string_size" => Value::from(self.string_size()),
            "can_expand_to" => {
                let [other] = arguments.bind(["other_column"], 1)?;
                Value::from(other.as_ref().and_then(Self::of).is_some_and(|other| self.can_expand_to(&other)))
            }
            "literal" => {
                let [value] = arguments.bind(["value"], 1)?;
                Value::from(format!("{}::{}", text(value.as_ref()).unwrap_or_default(), self.full_type()))
            }
            _ => return Arc::new(ColumnClass).call_method(state, method, args),
        })
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        Some((**self).cmp(other.downcast_ref::<Self>()?))
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |number: Option<i64>| number.map_or_else(|| "None".to_owned(), |it| it.to_string());
        write!(
            out,
            "PostgresColumn(column={}, dtype={}, char_size={}, numeric_precision={}, numeric_scale={})",
            jinja::value::repr(&Value::from(self.name.as_str())),
            jinja::value::repr(&Value::from(self.data_type.as_str())),
            number(self.char_size),
            number(self.numeric_precision),
            number(self.numeric_scale),
        )
    }
}

/// `api.Column`: the class.
#[derive(Debug)]
pub struct ColumnClass;

/// What the class can do, called or looked at.
const CLASS_METHODS: &[&str] =
    &["create", "translate_type", "string_type", "numeric_type", "from_description"];

impl Object for ColumnClass {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        CLASS_METHODS.contains(&key).then(|| bound_method(Value::from_dyn_object(self.clone()), key))
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, HostError> {
        let names = ["column", "dtype", "char_size", "numeric_precision", "numeric_scale"];
        let [name, data_type, size, precision, scale] = Arguments::new("Column", args)?.bind(names, 2)?;
        let number = |value: Option<Value>| value.and_then(|value| value.as_i64());
        Ok(Value::from_object(ColumnObject {
            name: text(name.as_ref()).unwrap_or_default(),
            data_type: text(data_type.as_ref()).unwrap_or_default(),
            char_size: number(size),
            numeric_precision: number(precision),
            numeric_scale: number(scale),
            written_type: None,
        }))
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        let arguments = Arguments::new(method, args)?;
        match method {
            "create" => {
                let [name, label] = arguments.bind(["name", "label_or_dtype"], 2)?;
                Ok(Value::from_object(ColumnObject {
                    name: text(name.as_ref()).unwrap_or_default(),
                    data_type: translate_type(&text(label.as_ref()).unwrap_or_default()),
                    char_size: None,
                    numeric_precision: None,
                    numeric_scale: None,
                    written_type: None,
                }))
            }
            "translate_type" => {
                let [name] = arguments.bind(["dtype"], 1)?;
                Ok(Value::from(translate_type(&text(name.as_ref()).unwrap_or_default())))
            }
            "string_type" => {
                let [size] = arguments.bind(["size"], 1)?;
                Ok(Value::from(string_type(size.and_then(|size| size.as_i64()).unwrap_or(256))))
            }
            "numeric_type" => {
                let [name, precision, scale] = arguments.bind(["dtype", "precision", "scale"], 1)?;
                let number = |value: Option<Value>| value.and_then(|value| value.as_i64());
                let name = text(name.as_ref()).unwrap_or_default();
                Ok(Value::from(numeric_type(&name, number(precision), number(scale))))
            }
            "from_description" => {
                let [name, raw] = arguments.bind(["name", "raw_data_type"], 2)?;
                let name = text(name.as_ref()).unwrap_or_default();
                Ok(Value::from_object(from_description(name, &text(raw.as_ref()).unwrap_or_default())))
            }
            "literal" => {
                let [value] = arguments.bind(["value"], 1)?;
                Ok(Value::from(quote_literal(&text(value.as_ref()).unwrap_or_default())))
            }
            _ => Err(no_method("PostgresColumn", method)),
        }
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("<class 'dbt.adapters.postgres.column.PostgresColumn'>")
    }
}

/// `varchar(20)`, `numeric(10, 2)` taken apart.
pub(crate) fn from_description(name: String, raw: &str) -> ColumnObject {
    let (data_type, sizes) = match raw.split_once('(') {
        Some((data_type, rest)) => (data_type.trim(), rest.trim_end_matches([')', ' '])),
        None => (raw, ""),
    };
    let sizes: Vec<Option<i64>> = sizes.split(',').map(|size| size.trim().parse().ok()).collect();
    let mut column = ColumnObject {
        name,
        data_type: data_type.to_owned(),
        char_size: None,
        numeric_precision: None,
        numeric_scale: None,
        written_type: None,
    };
    match sizes.as_slice() {
        [Some(precision), Some(scale)] => {
            column.numeric_precision = Some(*precision);
            column.numeric_scale = Some(*scale);
        }
        [Some(size)] => column.char_size = Some(*size),
        _ => {}
    }
    column
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_carry_their_sizes() {
        assert_eq!(
            from_description("a".into(), "character varying(20)").full_type(),
            "character varying(20)"
        );
        assert_eq!(from_description("a".into(), "numeric(10,2)").full_type(), "numeric(10,2)");
        assert_eq!(from_description("a".into(), "text").full_type(), "text");
        assert_eq!(from_description("a".into(), "character varying").full_type(), "character varying");
    }
}
