//! Diagnostics and errors as people read them.

use crate::exit::{Stop, indent};
use platform_core::diagnostic::Severity;
use platform_core::event::{Level, Tone};
use platform_core::{Diagnostic, Event};
use std::fmt::Write as _;

/// A warning of the project.
pub fn warning(diagnostic: &Diagnostic) -> Event {
    let name = diagnostic.event.as_deref().unwrap_or("ProjectWarning");
    let tag = "[WARNING]";
    let text = format!("{tag}: {}", drawn(diagnostic, false));
    let mut event = Event::new(Level::Warn, name, text)
        .code(&diagnostic.code)
        .emphasis(0..tag.len(), Tone::Caution)
        .with("msg", diagnostic.message.clone())
        .with("place", diagnostic.place.as_ref().map(ToString::to_string).unwrap_or_default());
    event.data.extend(diagnostic.facts.clone());
    event
}

/// A warning of the project, tagged or as bare as dbt has it.
pub fn of_project(diagnostic: &Diagnostic) -> Event {
    match diagnostic.event.as_deref() {
        Some("InvalidMacroAnnotation" | "FreshnessConfigProblem") => plain_warning(diagnostic),
        _ => warning(diagnostic),
    }
}

/// A warning that dbt gives without its tag.
pub fn plain_warning(diagnostic: &Diagnostic) -> Event {
    let name = diagnostic.event.as_deref().unwrap_or("ProjectWarning");
    let mut event = Event::new(Level::Warn, name, drawn(diagnostic, false)).code(&diagnostic.code);
    event.data.extend(diagnostic.facts.clone());
    event
}

/// Why a command stopped.
pub fn stop(stop: &Stop) -> Option<Event> {
    let message = match stop {
        Stop::Told => return None,
        Stop::Project(diagnostics) => {
            let texts: Vec<String> =
                diagnostics.iter().filter(|it| it.severity == Severity::Error).map(error).collect();
            texts.join("\n")
        }
        Stop::Said { .. } => stop.to_string(),
        Stop::Warehouse(error) => format!("Database Error\n  {}", indent(&error.to_string())),
        Stop::File { .. } => format!("Runtime Error\n  {}", indent(&stop.to_string())),
    };
    let head = "Encountered an error:";
    Some(
        Event::new(Level::Error, "MainEncounteredError", format!("{head}\n{message}"))
            .code("Z002")
            .emphasis(0..head.len(), Tone::Bad)
            .with("exc", message),
    )
}

/// An error under dbt's heading of its kind.
fn error(diagnostic: &Diagnostic) -> String {
    let heading = match diagnostic.event.as_deref() {
        Some(heading) if heading.contains(' ') => heading,
        Some(
            "ParsingError"
            | "SemanticValidationFailure"
            | "SchemaConfigError"
            | "DbtReferenceError"
            | "ValidationError",
        ) => "Parsing Error",
        Some(event) if event.starts_with("Dbt") => "Runtime Error",
        _ => "Compilation Error",
    };
    let subject = diagnostic.subject.as_ref().filter(|_| heading == "Compilation Error");
    let subject = subject.map(|subject| format!(" in {subject}")).unwrap_or_default();
    format!("{heading}{subject}\n  {}", indent(&text(diagnostic)))
}

/// The message, its place with the line, the macros in between, the hint.
pub fn text(diagnostic: &Diagnostic) -> String {
    drawn(diagnostic, true)
}

/// The same; warnings stand in the middle of a command's output and go without the empty line of the margin.
fn drawn(diagnostic: &Diagnostic, is_roomy: bool) -> String {
    let mut text = diagnostic.message.clone();
    text.push_str(&place(diagnostic, is_roomy));
    if let Some(hint) = &diagnostic.hint {
        let _ = write!(text, "\n  hint: {hint}");
    }
    text
}

/// The place of a diagnostic with its line, and the macros on the way there; each line begins with a newline.
pub fn place(diagnostic: &Diagnostic, is_roomy: bool) -> String {
    let mut text = String::new();
    if let Some(place) = &diagnostic.place {
        let _ = write!(text, "\n  --> {place}");
        if place.line > 0 && !place.snippet.trim().is_empty() {
            let number = place.line.to_string();
            let margin = " ".repeat(number.len());
            if is_roomy {
                let _ = write!(text, "\n   {margin} |");
            }
            let _ = write!(text, "\n   {number} | {}", place.snippet);
            if place.column > 0 {
                let column = usize::try_from(place.column).unwrap_or(1);
                let length = usize::try_from(place.length.max(1)).unwrap_or(1);
                let before: String = place
                    .snippet
                    .chars()
                    .take(column - 1)
                    .map(|letter| if letter == '\t' { '\t' } else { ' ' })
                    .collect();
                let _ = write!(text, "\n   {margin} | {before}{}", "^".repeat(length));
            }
        }
    }
    for (name, place) in &diagnostic.stack {
        let _ = write!(text, "\n  in macro `{name}` [{place}]");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use platform_core::Place;

    #[test]
    fn draws_place_snippet_and_hint() {
        let source = "select *\nfrom {{ ref('stg_order') }}\n";
        let at = source.find("stg_order").expect("present");
        let diagnostic = Diagnostic::error("D012", "model `stg_order` does not exist")
            .at(Place::of("models/a.sql", source, at..at + 9))
            .hint("did you mean `stg_orders`?");
        insta::assert_snapshot!(text(&diagnostic), @r"
        model `stg_order` does not exist
          --> models/a.sql:2:14
             |
           2 | from {{ ref('stg_order') }}
             |              ^^^^^^^^^
          hint: did you mean `stg_orders`?
        ");
    }
}
