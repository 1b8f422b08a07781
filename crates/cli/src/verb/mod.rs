//! The verbs, one a module.

mod list;
mod parse;

use crate::arguments::Verb;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;

/// Runs a verb.
pub fn execute(invocation: &Invocation, verb: Verb) -> Result<Exit, Stop> {
    match verb {
        Verb::List(arguments) => list::list(invocation, &arguments),
        Verb::Parse(_) => parse::parse(invocation),
        other => Err(Stop::runtime(format!("`dp {}` is not there yet", other.name()))),
    }
}
