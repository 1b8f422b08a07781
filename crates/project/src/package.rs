//! Packages: what a project asks for, what is installed, and how it gets there.
//!
//! | module | what it does |
//! |---|---|
//! | [`spec`], [`form`], [`version`] | what `packages.yml` asks for |
//! | [`load`] | what is installed, for reading a project |
//! | [`install`], [`add`] | the verb `deps` |
//! | [`resolve`], [`lock`] | one version of each, and the file that remembers it |
//! | [`git`], [`registry`], [`download`] | where packages come from |

mod form;
pub(crate) use form::is_entry;
pub mod load;
pub mod spec;
pub mod version;

pub mod add;
pub mod download;
pub mod error;
pub mod git;
pub mod install;
pub mod lock;
pub mod registry;
pub mod resolve;
