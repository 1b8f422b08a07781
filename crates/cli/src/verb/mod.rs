//! The verbs, one a module.

mod alerts;
mod clean;
mod clone;
mod compile;
mod debug;
mod deps;
mod docs;
mod executors;
mod freshness;
mod init;
mod inline;
mod lineage;
mod list;
mod load;
mod nodes;
mod operation;
mod parse;
mod retry;

pub use retry::Retry;

use crate::arguments::{Docs, Source, Verb};
use crate::choice::{self, Request};
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use model_graph::Order;
use nodes::{Task, Walk};
use platform_core::ResourceType::{
    self, Exposure, Function, Model, SavedQuery, Seed, Snapshot, Test, UnitTest,
};

/// Runs a verb.
pub fn execute(invocation: &Invocation, verb: Verb) -> Result<Exit, Stop> {
    let plain = |request, types: &[ResourceType]| Walk {
        request,
        types: types.to_vec(),
        order: Order::Dependencies,
        task: Task::Build,
    };
    let walk = |walk: &Walk<'_>| nodes::walk(invocation, walk).map(|walked| walked.exit);
    match verb {
        Verb::List(arguments) | Verb::Ls(arguments) => list::list(invocation, &arguments),
        Verb::Parse(_) => parse::parse(invocation),
        Verb::Run(it) => walk(&plain(Request::of(&it.selection), &[Model])),
        Verb::Seed(it) => walk(&plain(Request::of(&it.selection), &[Seed])),
        Verb::Snapshot(it) => walk(&plain(Request::of(&it.selection), &[Snapshot])),
        Verb::Test(it) => {
            // Other types may be named, to be left out.
            let mut types = choice::resource_types(&it.resources, &[Test, UnitTest], &choice::TYPES)?;
            types.retain(|kind| matches!(kind, Test | UnitTest));
            walk(&plain(Request::of(&it.selection), &types))
        }
        Verb::Build(it) => {
            let all = [Model, Seed, Snapshot, Test, UnitTest, Function, Exposure, SavedQuery];
            let types = choice::resource_types(&it.resources, &all, &all)?;
            let request = Request::of(&it.selection);
            let order = if invocation.retry.is_some() { Order::DataTestsFirst } else { Order::TestsFirst };
            walk(&Walk { request, types, order, task: Task::Build })
        }
        Verb::Compile(it) => compile::compile(invocation, &it),
        Verb::Clone(it) => clone::clone(invocation, &it),
        Verb::Retry(it) => retry::retry(invocation, &it),
        Verb::Source(Source::Freshness(it)) => freshness::freshness(invocation, &it),
        Verb::RunOperation(it) => operation::run_operation(invocation, &it),
        Verb::Show(it) => operation::show(invocation, &it),
        Verb::Debug(it) => debug::debug(invocation, &it),
        Verb::Clean(it) => clean::clean(invocation, &it),
        Verb::Alerts(it) => alerts::alerts(invocation, &it),
        Verb::Docs(Docs::Generate(it)) => docs::generate(invocation, &it),
        Verb::Docs(Docs::Serve(it)) => docs::serve(invocation, &it),
        Verb::Deps(it) => deps::deps(invocation, &it),
        Verb::Init(it) => init::init(invocation, &it),
        Verb::Load(it) => load::load(invocation, &it),
        Verb::Pipeline(_) => Err(Stop::usage("`dp pipeline` is a command of its own")),
    }
}
