//! What templates see, at parse time and at run time alike.
//!
//! | module | what it holds |
//! |---|---|
//! | [`scope`] | [`scope::Context`]: one template's context; [`scope::Names`]: what a node adds to it |
//! | [`shared`] | [`shared::Shared`]: what all contexts of a command share |
//! | [`macros`] | every macro; lookup by name, package, dispatch, materialization |
//! | [`vars`], [`env`], [`flags`] | `var`, `env_var`, `flags` |
//! | [`exceptions`], [`raised`] | `exceptions`; the errors that templates raise, found again in Rust |
//! | [`functions`] | `log`, `print`, `fromjson`, `toyaml`, `set`, `zip`, `local_md5`, … |
//!
//! Parse time is written in this crate's `parse`; run time implements [`scope::Names`] in [`crate::runtime`] and
//! makes its contexts by [`scope::Context::new`] with the project's [`shared::Shared`].

pub(crate) mod arguments;
pub mod env;
pub mod exceptions;
pub mod flags;
pub mod functions;
pub mod macros;
pub mod raised;
pub mod scope;
pub mod shared;
pub mod vars;

pub use raised::{Kind, Raised};
pub use scope::{Context, Names, Recorder};
pub use shared::Shared;
