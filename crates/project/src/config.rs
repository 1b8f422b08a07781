//! A resource's configuration: levels, and how one goes over the other
//! (<https://docs.getdbt.com/reference/configs-and-properties>).
//!
//! Lowest first: defaults, the package's `dbt_project.yml` from the outer folder in, properties, `config()` in the
//! file, and for resources of packages the root project's `dbt_project.yml`.

mod check;
mod color;
mod defaults;
mod hook;
pub mod known;
mod levels;
mod merge;

pub use check::{check, refusal};
pub use defaults::{Kind, defaults};
pub use levels::{Levels, Unused};
pub use merge::{finish, merge, merge_test, merge_version, tags};
