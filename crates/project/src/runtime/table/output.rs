//! What writes a table: to the command's output, or to a file.

use super::Table;
use super::text::Drawing;
use crate::context::arguments::{Arguments, no_method, text, truth};
use jinja::{HostError, State, Value};

impl Table {
    /// The methods that print or write.
    pub(super) fn write(
        &self,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        let arguments = Arguments::new(method, args)?;
        match method {
            "print_table" => {
                let names =
                    ["max_rows", "max_columns", "output", "max_column_width", "locale", "max_precision"];
                let [rows, columns, _, width, _, places] = arguments.bind(names, 0)?;
                let usual = Drawing::default();
                let drawing = Drawing {
                    rows: most(rows, usual.rows),
                    columns: most(columns, usual.columns),
                    width: most(width, usual.width),
                    places: most(places, usual.places),
                };
                print(state, self.drawn(&drawing).trim_end())
            }
            "print_structure" => {
                let [_, rows] = arguments.bind(["output", "max_rows"], 0)?;
                print(state, self.structure(most(rows, usize::MAX)).trim_end())
            }
            "print_csv" => print(state, self.csv().trim_end()),
            "print_json" => {
                let [key, lines, indent] = arguments.bind(["key", "newline", "indent"], 0)?;
                print(state, &self.json_asked(key.as_ref(), lines.as_ref(), indent.as_ref()))
            }
            "to_csv" | "to_json" => {
                let [path, key, lines, indent] = arguments.bind(["path", "key", "newline", "indent"], 1)?;
                let path = text(path.as_ref()).unwrap_or_default();
                let text = match method {
                    "to_csv" => self.csv(),
                    _ => self.json_asked(key.as_ref(), lines.as_ref(), indent.as_ref()),
                };
                std::fs::write(&path, text).map_err(|error| {
                    HostError::new(jinja::HostErrorKind::InvalidOperation, format!("write `{path}`: {error}"))
                })?;
                Ok(Value::from(()))
            }
            _ => Err(no_method("Table", method)),
        }
    }

    fn json_asked(&self, key: Option<&Value>, lines: Option<&Value>, indent: Option<&Value>) -> String {
        self.json_text(text(key).as_deref(), truth(lines, false), indent.and_then(Value::as_usize))
    }
}

/// A number of an argument: the usual one where it isn't given, no end for `none`.
fn most(value: Option<Value>, usual: usize) -> usize {
    value.map_or(usual, |value| value.as_usize().unwrap_or(usize::MAX))
}

/// Puts a text where the template's own `print` puts it.
pub(super) fn print(state: &mut State<'_, '_>, text: &str) -> Result<Value, HostError> {
    let context = jinja::value::context(state).unwrap_or_default();
    context.get_attr("print")?.call(state, &[Value::from(text)])?;
    Ok(Value::from(()))
}
