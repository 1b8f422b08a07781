//! Python's values and what one can do with them.

pub(crate) mod arguments;
pub(crate) mod arithmetic;
pub(crate) mod compare;
pub(crate) mod depth;
pub(crate) mod dict;
pub(crate) mod function;
pub(crate) mod iterate;
pub(crate) mod json;
pub(crate) mod kind;
pub(crate) mod list;
pub(crate) mod methods;
pub(crate) mod namespace;
pub(crate) mod number;
pub(crate) mod percent;
pub(crate) mod range;
pub(crate) mod set;
pub(crate) mod slice;
pub(crate) mod sort;
pub(crate) mod spec;
pub(crate) mod str_format;
pub(crate) mod str_methods;
pub(crate) mod text;
pub(crate) mod undefined;
pub(crate) mod wide;

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::Error;

/// What an operation on values gives.
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// Locks; a panic elsewhere doesn't make a list unusable.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
