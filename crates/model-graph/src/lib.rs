//! Schedules and runs the graph: which nodes, in which order, on how many slots, and what became of them.
//!
//! A [`Plan`] is the selected part of the graph with the edges of a run: tests before what reads the
//! node they test, unit tests before their model. [`run`] walks it on one thread a slot and gives each
//! node to an [`Executor`](platform_core::Executor); the schedule itself knows nothing of what executors do.

mod artifact;
mod builder;
mod fault;
mod history;
mod hooks;
mod line;
mod microbatch;
mod plan;
mod schedule;
mod scheduler;

pub use artifact::{Head, ResultsFile, write_aside};
pub use builder::Builder;
pub use history::{RunRecord, record};
pub use hooks::{Moment, hook_ids, run_hooks, skips_nodes, told_at_end};
pub use line::{counted, plural};
pub use microbatch::{EventTimes, Former, OpenBatches, Span, parse_time, step_back};
pub use plan::{Order, Plan};
pub use platform_core::node_info::timestamp;
pub use project::runtime::{PreparationError, prepare};
pub use scheduler::{Run, RunOptions, Telling, run};
