//! Constraints of contracts as SQL, and how types are called in a contract's comparison.
//!
//! <https://docs.getdbt.com/reference/resource-properties/constraints>. Postgres enforces all of them.

use crate::context::Context;
use crate::context::arguments::{text, truth};
use crate::context::raised::{Kind, Raised};
use crate::runtime::column::translate_type;
use jinja::{HostError, Value};
use platform_core::relation::quote_identifier;
use std::sync::Arc;

/// `name type constraint …` for every column of a contract.
pub(super) fn of_columns(columns: &Value, context: &Arc<Context>) -> Result<Value, HostError> {
    let mut rendered = Vec::new();
    let model = context.value().get_attr("model").unwrap_or_default();
    let contract = model.get_attr("contract").unwrap_or_default();
    let aliased = truth(contract.get_attr("alias_types").ok().as_ref(), true);
    for key in columns.try_iter()? {
        let column = columns.get_item(&key)?;
        let name = text(column.get_attr("name").ok().as_ref()).unwrap_or_else(|| key.to_string());
        let quoted = truth(column.get_attr("quote").ok().as_ref(), false);
        let mut parts = vec![if quoted { quote_identifier(&name) } else { name }];
        let data_type = text(column.get_attr("data_type").ok().as_ref());
        parts.extend(data_type.map(|name| if aliased { translate_type(&name) } else { name }));
        let constraints =
            column.get_attr("constraints").ok().filter(|it| !it.is_none() && !it.is_undefined());
        for constraint in constraints.iter().flat_map(|all| all.try_iter().into_iter().flatten()) {
            parts.extend(of_column(&constraint, context)?);
        }
        rendered.push(Value::from(parts.join(" ")));
    }
    Ok(jinja::value::list(rendered))
}

/// The constraints of the whole table.
pub(super) fn of_model(constraints: &Value, context: &Arc<Context>) -> Result<Value, HostError> {
    let mut rendered = Vec::new();
    if constraints.is_none() || constraints.is_undefined() {
        return Ok(jinja::value::list(rendered));
    }
    for constraint in constraints.try_iter()? {
        let constraint = Constraint::read(&constraint, context)?;
        let columns = constraint.columns.join(", ");
        let name = constraint.name.as_ref().map(|name| format!("constraint {name} ")).unwrap_or_default();
        let text = match constraint.kind.as_str() {
            "check" if constraint.expression.is_some() => {
                format!("{name}check ({})", constraint.expression())
            }
            "unique" => format!("{name}unique{} ({columns})", constraint.spaced_expression()),
            "primary_key" => format!("{name}primary key{} ({columns})", constraint.spaced_expression()),
            "foreign_key" => match &constraint.to {
                Some(to) => format!(
                    "{name}foreign key ({columns}) references {to} ({})",
                    constraint.to_columns.join(", ")
                ),
                None => format!("{name}foreign key ({columns}) references {}", constraint.expression()),
            },
            "custom" if constraint.expression.is_some() => format!("{name}{}", constraint.expression()),
            _ => continue,
        };
        rendered.push(Value::from(text));
    }
    Ok(jinja::value::list(rendered))
}

fn of_column(constraint: &Value, context: &Arc<Context>) -> Result<Option<String>, HostError> {
    let constraint = Constraint::read(constraint, context)?;
    Ok(match constraint.kind.as_str() {
        "check" if constraint.expression.is_some() => Some(format!("check ({})", constraint.expression())),
        "not_null" => Some(format!("not null{}", constraint.spaced_expression())),
        "unique" => Some(format!("unique{}", constraint.spaced_expression())),
        "primary_key" => Some(format!("primary key{}", constraint.spaced_expression())),
        "foreign_key" => match &constraint.to {
            Some(to) => Some(format!("references {to} ({})", constraint.to_columns.join(", "))),
            None => {
                constraint.expression.is_some().then(|| format!("references {}", constraint.expression()))
            }
        },
        "custom" if constraint.expression.is_some() => Some(constraint.expression().to_owned()),
        _ => None,
    })
}

struct Constraint {
    kind: String,
    name: Option<String>,
    expression: Option<String>,
    columns: Vec<String>,
    to: Option<String>,
    to_columns: Vec<String>,
}

impl Constraint {
    fn read(raw: &Value, context: &Arc<Context>) -> Result<Self, HostError> {
        let part = |key: &str| text(raw.get_attr(key).ok().as_ref()).filter(|it| !it.is_empty());
        let list = |key: &str| -> Vec<String> {
            let found = raw.get_attr(key).ok().filter(|it| !it.is_none() && !it.is_undefined());
            found
                .iter()
                .flat_map(|all| all.try_iter().into_iter().flatten())
                .map(|it| it.to_string())
                .collect()
        };
        let kind = part("type").unwrap_or_default();
        if !crate::properties::columns::CONSTRAINTS.contains(&kind.as_str()) {
            return Err(Raised::error(Kind::Parsing, format!("Invalid constraint type: {kind}")));
        }
        // `to: ref('model')` is resolved here, where relations are known.
        let to = match part("to") {
            Some(to) if to.trim_start().starts_with("ref(") || to.trim_start().starts_with("source(") => {
                let target =
                    context.jinja().eval_expression(&to, &context.value()).map_err(HostError::from)?;
                Some(target.to_string())
            }
            other => other,
        };
        Ok(Self {
            kind,
            name: part("name"),
            expression: part("expression"),
            columns: list("columns"),
            to,
            to_columns: list("to_columns"),
        })
    }

    fn expression(&self) -> &str {
        self.expression.as_deref().unwrap_or_default()
    }

    fn spaced_expression(&self) -> String {
        self.expression.as_ref().map(|text| format!(" {text}")).unwrap_or_default()
    }
}

/// How dbt's driver calls a type in the table of a contract's differences; `None` for a type it has no name for.
pub(super) fn type_label(oid: u32) -> Option<&'static str> {
    Some(match oid {
        16 => "BOOLEAN",
        17 => "BINARY",
        20 => "LONGINTEGER",
        21 | 23 => "INTEGER",
        18 | 19 | 25 | 1042 | 1043 => "TEXT",
        26 => "ROWID",
        700 | 701 => "FLOAT",
        1700 => "DECIMAL",
        1082 => "DATE",
        1083 | 1266 => "TIME",
        1114 => "DATETIME",
        1184 => "DATETIMETZ",
        1186 => "INTERVAL",
        114 => "JSON",
        3802 => "JSONB",
        2950 => "UUID",
        1005 | 1007 => "INTEGERARRAY",
        1016 => "LONGINTEGERARRAY",
        1002 | 1003 | 1009 | 1014 | 1015 => "STRINGARRAY",
        1001 => "BINARYARRAY",
        199 => "JSONARRAY",
        3807 => "JSONBARRAY",
        1183 | 1270 => "TIMEARRAY",
        1187 => "INTERVALARRAY",
        1041 => "INETARRAY",
        651 => "CIDRARRAY",
        1000 => "BOOLEANARRAY",
        1021 | 1022 => "FLOATARRAY",
        1231 => "DECIMALARRAY",
        1182 => "DATEARRAY",
        1115 => "DATETIMEARRAY",
        1185 => "DATETIMETZARRAY",
        _ => return None,
    })
}
