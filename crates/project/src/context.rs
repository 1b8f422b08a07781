//! What templates see, at parse time and at run time alike.
//!
//! | module | what it holds |
//! |---|---|
//! | [`macros`] | every macro; lookup by name, package and dispatch; macros bound to a context |
//!
//! A context is built per node: names of the node (`this`, `ref`, `config`, …) over [`macros::Namespace`] over
//! the names that don't depend on the node. Parse time is written here; run time adds its names in
//! [`crate::runtime`].

pub mod macros;
