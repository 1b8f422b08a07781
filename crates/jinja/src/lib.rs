//! The Python flavour of Jinja2, on minijinja's values and objects. It knows no dbt.
//!
//! An [`Environment`] holds filters, tests and globals. A file is a [`SourceFile`];
//! [`Environment::parse_file`] finds its blocks (macros, tests, materializations, snapshots, docs),
//! [`Environment::template`] makes a [`Template`] of a whole text. A [`Macro`] is compiled on its first call.
//! Names are looked up in a context, which is any [`Value`]: mostly a host [`Object`] whose
//! [`Object::get_value_by_str`] answers names as they come.
//!
//! Host functions and objects are minijinja's ([`Object`], [`Value::from_function`], [`from_args`], [`Kwargs`]),
//! so this crate re-exports them and no other crate names minijinja.

pub mod blocks;
pub mod environment;
pub mod error;
pub mod extract;
pub mod functions;
pub mod macros;
pub mod source;
pub mod template;
pub mod value;

mod eval;
mod filters;
mod globals;
mod modules;
mod native;
mod predicates;
mod python;
mod syntax;

pub use blocks::{Block, BlockKind, BlockTags, Parameter, ParsedFile, StrayTag};
pub use environment::{Environment, UndefinedMode};
pub use error::{Error, ErrorKind, Frame};
pub use extract::{Argument, Call, Extraction};
pub use macros::Macro;
pub use source::{Place, SourceFile, Span};
pub use template::Template;

pub use minijinja::value::{
    DynObject, Enumerator, Kwargs, Object, ObjectExt, ObjectRepr, Rest, Tuple, Value, ValueKind, from_args,
};
pub use minijinja::{Error as HostError, ErrorKind as HostErrorKind, State};
