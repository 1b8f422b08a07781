//! What became of a node that failed: dbt's words for `run_results.json`, and the place for people.

use crate::context::raised::{Kind, Raised};
use crate::runtime::connection::Refused;
use crate::runtime::materialize::explain;
use crate::runtime::origin::origin;
use crate::runtime::{Compiled, Runtime};
use platform_core::{Diagnostic, Node, Place, Resource};
use std::sync::{Arc, PoisonError};

/// A failure, told twice.
#[derive(Clone, Debug)]
pub struct Failure {
    /// `Database Error in model orders (models/orders.sql)`, the message indented below, and where the
    /// statement can be read.
    pub message: String,
    /// The same with its place in the user's file and the macros on the way there.
    pub diagnostic: Diagnostic,
    /// The SQL, where it got so far.
    pub compiled: Option<Arc<Compiled>>,
}

impl Runtime {
    /// The failure of a node.
    pub fn failure(&self, resource: Resource<'_>, error: &jinja::Error) -> Failure {
        let (kind, text, refused) = explain(error);
        let resource = self.broken(resource, error);
        let mut lines = vec![headline(kind.headline(), resource)];
        lines.extend(text.trim_end().lines().map(str::to_owned));
        let written = refused.and_then(|it| self.written(resource.node()?, &it.refused));
        match (kind, resource.node()) {
            (Kind::Database, Some(node)) => {
                lines.extend(written.as_ref().map(|place| format!("--> {place}")));
                let written = self.inner.run_files.lock().unwrap_or_else(PoisonError::into_inner);
                // What was refused before the node's own statement has no file yet.
                lines.extend(written.get(&node.unique_id).map(|path| format!("compiled code at {path}")));
            }
            // What the adapter itself refuses, and what the project wants refused, comes without the macros on the way.
            (Kind::Database | Kind::Runtime | Kind::FailFast, _) => {}
            _ => tell_cause(&mut lines, resource, error),
        }
        let diagnostic = self.placed(Diagnostic::error("R001", text).event(kind.headline()), error);
        let diagnostic = match written {
            Some(place) => diagnostic.at(place),
            None => diagnostic,
        };
        Failure { message: lines.join("\n  "), diagnostic, compiled: None }
    }

    /// The ephemeral model in whose template the error arose, which is compiled for those that read it; or the resource
    /// itself.
    fn broken<'a>(&'a self, resource: Resource<'a>, error: &jinja::Error) -> Resource<'a> {
        let Some(place) = error.stack().last().map(|frame| &frame.place).or(error.place()) else {
            return resource;
        };
        if *place.file == *resource.original_file_path() {
            return resource;
        }
        let nodes = &self.project().manifest.nodes;
        let hidden = |resource: Resource<'a>| {
            resource.needs().iter().filter_map(|id| nodes.get(id)).filter(|it| it.is_ephemeral())
        };
        let (mut left, mut seen): (Vec<&Node>, Vec<&Node>) = (hidden(resource).collect(), Vec::new());
        while let Some(node) = left.pop() {
            if *place.file == *node.original_file_path {
                return Resource::Node(node);
            }
            if !seen.iter().any(|it| it.unique_id == node.unique_id) {
                seen.push(node);
                left.extend(hidden(Resource::Node(node)));
            }
        }
        resource
    }

    /// With the place in a template where the error arose, and the macros on the way there.
    pub(super) fn placed(&self, mut diagnostic: Diagnostic, error: &jinja::Error) -> Diagnostic {
        if let Some(place) = error.place() {
            diagnostic = diagnostic.at(self.place(place));
        }
        diagnostic.stack =
            error.stack().iter().map(|frame| (frame.name.to_string(), self.place(&frame.place))).collect();
        diagnostic
    }

    /// The place in a model's file that a refused statement's error points at: in its own, or in that of an
    /// ephemeral model whose query stands before its own.
    fn written(&self, node: &Node, refused: &Refused) -> Option<Place> {
        let compiled = self.remembered(&node.unique_id)?;
        let query = compiled.sql.trim();
        let at = refused.sql.char_indices().nth(refused.position?.checked_sub(1)?)?.0;
        let at = at.checked_sub(refused.sql.find(query)?).filter(|at| *at < query.len())?;
        let ephemeral = compiled.ctes.iter().find_map(|cte| {
            let start = query.find(cte.sql.trim())?;
            let within = at.checked_sub(start).filter(|at| *at < cte.sql.trim().len())?;
            Some((self.project().manifest.nodes.get(&cte.id)?, cte.sql.trim(), within))
        });
        let (node, text, at) = ephemeral.unwrap_or((node, query, at));
        // A generic test stands in a properties file as a name: there is no line of SQL to point at.
        if node.only.test_metadata.is_some() {
            return None;
        }
        let range = origin(&node.raw_code, text, at)?;
        Some(self.project().place_in(node, range))
    }

    /// The failure of a node before anything was rendered: no connection, an impossible configuration.
    pub fn plain_failure(&self, resource: Resource<'_>, heading: &str, text: &str) -> Failure {
        let message = format!("{}\n  {}", headline(heading, resource), text.replace('\n', "\n  "));
        Failure { message, diagnostic: Diagnostic::error("R001", text).event(heading), compiled: None }
    }

    /// A place of a template as a diagnostic has it, with the line's text where the file can be read.
    fn place(&self, place: &jinja::Place) -> Place {
        let read = |root: &std::path::Path| std::fs::read_to_string(root.join(&*place.file)).ok();
        let text = self.project().packages.values().find_map(|package| read(&package.root));
        let snippet = text
            .as_deref()
            .and_then(|text| text.lines().nth(usize::try_from(place.line).ok()?.checked_sub(1)?))
            .unwrap_or_default();
        Place {
            file: place.file.to_string(),
            line: place.line,
            column: place.column,
            length: u32::try_from(place.range.len()).unwrap_or(1),
            snippet: snippet.to_owned(),
        }
    }
}

fn headline(heading: &str, resource: Resource<'_>) -> String {
    format!(
        "{heading} in {} {} ({})",
        resource.resource_type(),
        resource.name(),
        resource.original_file_path()
    )
}

/// How a template's error came about, in dbt's words: macros on the way where dbt itself refuses; those that called the
/// failing one where a value has the wrong type or isn't there; advice where that is in the node's own template.
fn tell_cause(lines: &mut Vec<String>, resource: Resource<'_>, error: &jinja::Error) {
    let frames = error.stack();
    match error.kind() {
        _ if Raised::of(error).is_some() => lines.extend(stack(resource, frames)),
        jinja::ErrorKind::Undefined if frames.is_empty() => {
            if let Some(last) = lines.last_mut() {
                last.push_str(NO_SUCH_MACRO);
            }
        }
        jinja::ErrorKind::Type | jinja::ErrorKind::Undefined => {
            lines.extend(stack(resource, frames.get(1..).unwrap_or_default()));
        }
        _ => {}
    }
}

const NO_SUCH_MACRO: &str = ". This can happen when calling a macro that does not exist. Check for typos and/or install \
                             package dependencies with \"dbt deps\".";

/// dbt's list of the macros on the way to the error.
fn stack(resource: Resource<'_>, frames: &[jinja::Frame]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for frame in frames {
        let word = if lines.is_empty() { "in macro" } else { "called by macro" };
        lines.push(format!("> {word} {} ({})", frame.name, frame.place.file));
    }
    if !lines.is_empty() {
        lines.insert(0, String::new());
        lines.push(format!(
            "> called by {} {} ({})",
            resource.resource_type(),
            resource.name(),
            resource.original_file_path()
        ));
    }
    lines
}
