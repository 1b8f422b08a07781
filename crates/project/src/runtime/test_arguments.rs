//! The arguments of a generic test, as its macro is given them.

use super::NodeContext;
use jinja::Value;
use platform_core::Node;
use serde_json::Value as Json;

/// `_dbt_generic_test_kwargs`: the arguments of a generic test, those that are Jinja rendered.
pub(super) fn add(node: &Node, context: &NodeContext) -> Result<(), jinja::Error> {
    let Some(metadata) = &node.only.test_metadata else { return Ok(()) };
    let mut pairs = Vec::new();
    for (name, raw) in &metadata.kwargs {
        pairs.push((Value::from(name.as_str()), one(name, raw, context)?));
    }
    context.context.add("_dbt_generic_test_kwargs", jinja::value::dict(pairs));
    Ok(())
}

/// One argument of a generic test as its macro is given it: a column's name is always text.
pub(super) fn one(name: &str, raw: &Json, context: &NodeContext) -> Result<Value, jinja::Error> {
    if name == "column_name" { Ok(jinja::value::from_json(raw)) } else { rendered(raw, context) }
}

fn rendered(raw: &Json, context: &NodeContext) -> Result<Value, jinja::Error> {
    Ok(match raw {
        Json::String(text) => {
            let call = text.trim();
            let is_call = ["env_var", "ref", "var", "source", "doc"].iter().any(|name| {
                call.strip_prefix(name)
                    .is_some_and(|rest| rest.trim_start().starts_with('(') && rest.ends_with(')'))
            });
            let text = if is_call { format!("{{{{ {call} }}}}") } else { text.clone() };
            if !text.contains("{{") && !text.contains("{%") && !text.contains("{#") {
                return Ok(Value::from(crate::render::without_last_newline(&text)));
            }
            let file = jinja::SourceFile::new("test arguments", text);
            context.context.jinja().render_native(&file, &context.context.value())?
        }
        Json::Array(items) => {
            let items = items.iter().map(|item| rendered(item, context)).collect::<Result<_, _>>()?;
            jinja::value::list(items)
        }
        Json::Object(map) => {
            let mut pairs = Vec::new();
            for (key, value) in map {
                pairs.push((Value::from(key.as_str()), rendered(value, context)?));
            }
            jinja::value::dict(pairs)
        }
        other => jinja::value::from_json(other),
    })
}
