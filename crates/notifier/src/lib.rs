//! Alerts that people trust: what moved is told once, and silence means that nothing moved.
//!
//! Rules stand in the project ([`rule`]), routes and channels in `alerts.yml` ([`policy`]). [`evaluate`]
//! compares each customer's newest records, and writes what it found, the incidents and the finished
//! messages in one transaction. [`deliver`] sends what is due, repeatedly and from any number of
//! processes. The outbox between them is the truth of who was told what.

mod channel;
mod chat;
mod error;
mod mail;
pub mod measure;
mod outbox;
mod plain;
mod plan;
mod remind;
mod schema;
mod shell;
mod source;
mod stale;
mod written;

pub mod alert;
pub mod amount;
pub mod command;
pub mod deliver;
pub mod detect;
pub mod evaluate;
pub mod interrupt;
pub mod letter;
pub mod operate;
pub mod pipeline;
pub mod policy;
pub mod rule;

pub use channel::{Console, Environment};
pub use deliver::{DeliveryReport, Sending, deliver};
pub use error::{Error, Result};
pub use evaluate::{Evaluation, EvaluationReport, RuleReport, RuleStatus, evaluate};
pub use letter::{Failure, PipelineFailure};
pub use outbox::Planned;
pub use pipeline::{report_failure, report_recovery};
pub use policy::{Policy, read_policy};
pub use remind::remind;
pub use rule::{Rule, read_rules};
pub use schema::prepare;

/// Folders that file channels write mails to, below `root`.
pub fn file_folders(policy: &Policy, root: &std::path::Path) -> Vec<std::path::PathBuf> {
    policy.file_folders().into_iter().map(|folder| root.join(folder)).collect()
}
