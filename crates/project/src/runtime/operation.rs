//! `run-operation`: a macro that people call by its name.

use crate::context::raised::{Kind, Raised};
use crate::runtime::materialize::explain;
use crate::runtime::results::Value;
use crate::runtime::{Connection, Runtime, omit};
use platform_core::{Diagnostic, UniqueId};
use std::sync::Arc;

impl Runtime {
    /// Calls the macro of a `run-operation`. `model` is the macro in it; there is no `this` and no `node`.
    pub fn run_operation(
        &self,
        id: &UniqueId,
        name: &str,
        keywords: &[(&str, Value)],
        connection: &Arc<Connection>,
    ) -> Result<Value, jinja::Error> {
        let word = name.rsplit('.').next().unwrap_or(name);
        connection.set_comment(self.named_comment(None, &format!("macro_{word}"), connection)?);
        connection.open_operation();
        let context = self.context(None, connection, None);
        let called = self.project().manifest.macros.get(id).and_then(|it| serde_json::to_value(it).ok());
        if let Some(mut called) = called {
            omit::unset(&mut called);
            context.context.add("model", jinja::value::from_json(&called));
        }
        for missing in ["this", "node"] {
            context.context.add(missing, Value::UNDEFINED);
        }
        self.call_macro_in(&context, name, keywords)
    }

    /// What a failed operation says, with the place in the file and the macros on the way there. An error that a template
    /// raised names the macro that was called.
    pub fn operation_failure(&self, id: &UniqueId, error: &jinja::Error) -> Diagnostic {
        let (kind, mut text, refused) = explain(error);
        let raises = refused.is_none() && Raised::of(error).is_some_and(|it| it.kind != Kind::Runtime);
        let called = self.project().manifest.macros.get(id).filter(|_| raises);
        // What it refers to and isn't there is told of the macro, as of a node.
        let misses = text.starts_with("depends on a ");
        if let Some(it) = called.filter(|_| misses) {
            text = format!("Macro '{}' ({}) {text}", it.unique_id, it.original_file_path);
        }
        let place =
            called.filter(|_| !misses).map(|it| format!(" in macro {} ({})", it.name, it.original_file_path));
        let heading = format!("{}{}", kind.headline(), place.unwrap_or_default());
        self.placed(Diagnostic::error("R001", text).event(&heading), error)
    }
}
