//! The verbs, one a module.

mod alerts;
mod debug;
mod docs;
mod list;
mod nodes;
mod operation;
mod parse;

use crate::arguments::{Docs, Verb};
use crate::choice::{self, Request};
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use model_graph::Order;
use nodes::{Walk, walk};
use platform_core::ResourceType::{
    self, Analysis, Exposure, Function, Model, SavedQuery, Seed, Snapshot, Test, UnitTest,
};

/// Runs a verb.
pub fn execute(invocation: &Invocation, verb: Verb) -> Result<Exit, Stop> {
    let plain = |request, types: &[ResourceType]| Walk {
        request,
        types: types.to_vec(),
        order: Order::Dependencies,
        compile_only: false,
    };
    match verb {
        Verb::List(arguments) => list::list(invocation, &arguments),
        Verb::Parse(_) => parse::parse(invocation),
        Verb::Run(it) => walk(invocation, &plain(Request::of(&it.selection), &[Model])),
        Verb::Seed(it) => walk(invocation, &plain(Request::of(&it.selection), &[Seed])),
        Verb::Snapshot(it) => walk(invocation, &plain(Request::of(&it.selection), &[Snapshot])),
        Verb::Test(it) => walk(invocation, &plain(Request::of(&it.selection), &[Test, UnitTest])),
        Verb::Build(it) => {
            let all = [Model, Seed, Snapshot, Test, UnitTest, Function, Exposure, SavedQuery];
            let default = [Model, Seed, Snapshot, Test, UnitTest, Function];
            let types = choice::resource_types(&it.resources, &default, &all)?;
            let request = Request::of(&it.selection);
            walk(invocation, &Walk { request, types, order: Order::TestsFirst, compile_only: false })
        }
        Verb::Compile(it) => {
            let all = [Model, Seed, Snapshot, Test, Analysis];
            let types = choice::resource_types(&it.resources, &all, &all)?;
            let request = Request::of(&it.selection);
            walk(invocation, &Walk { request, types, order: Order::Dependencies, compile_only: true })
        }
        Verb::RunOperation(it) => operation::run_operation(invocation, &it),
        Verb::Show(it) => operation::show(invocation, &it),
        Verb::Debug(it) => debug::debug(invocation, &it),
        Verb::Clean(it) => operation::clean(invocation, &it),
        Verb::Alerts(it) => alerts::alerts(invocation, &it),
        Verb::Docs(Docs::Generate(it)) => docs::generate(invocation, &it),
        Verb::Docs(Docs::Serve(it)) => docs::serve(invocation, &it),
        other => Err(Stop::runtime(format!("`dp {}` is not there yet", other.name()))),
    }
}
