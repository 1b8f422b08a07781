//! How deep values go: limits for what walks down into them, and an end to them that needs no stack.
//!
//! A list can hold itself, and a loop can put a list into a list a million times. Python raises `RecursionError` where
//! its comparison goes too deep; here, an overflow would end the whole process.

use std::cell::{Cell, RefCell};

use minijinja::Value;

use crate::error::{Error, ErrorKind};

/// How deep a comparison goes; Python's limit of calls is 1,000.
const DEEPEST: usize = 1000;

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    static EXCEEDED: Cell<bool> = const { Cell::new(false) };
    static ENDING: RefCell<Option<Vec<Value>>> = const { RefCell::new(None) };
}

/// Does one level of a walk; gives `otherwise`, and makes [`check`] fail, where that is one too many.
pub(crate) fn deeper<R>(otherwise: R, work: impl FnOnce() -> R) -> R {
    let depth = DEPTH.get();
    if depth >= DEEPEST {
        EXCEEDED.set(true);
        return otherwise;
    }
    DEPTH.set(depth + 1);
    let result = stacker::maybe_grow(64 * 1024, 1024 * 1024, work);
    DEPTH.set(depth);
    result
}

/// An error if something went too deep since the last time.
pub(crate) fn check() -> Result<(), Error> {
    if EXCEEDED.replace(false) {
        let message = "maximum recursion depth exceeded in comparison";
        return Err(Error::new(ErrorKind::Recursion, message));
    }
    Ok(())
}

/// Ends the values of a container that ends: one after the other, not each within the one around it.
pub(crate) fn end(values: impl IntoIterator<Item = Value>) {
    let mut inner = values.into_iter().filter(|value| value.as_object().is_some()).peekable();
    if inner.peek().is_none() {
        return;
    }
    let is_first = ENDING.try_with(|ending| {
        let mut ending = ending.borrow_mut();
        let is_first = ending.is_none();
        ending.get_or_insert_default().extend(inner);
        is_first
    });
    if is_first != Ok(true) {
        return;
    }
    // Each end may put more here.
    while let Some(value) = ENDING.with(|ending| ending.borrow_mut().as_mut().and_then(Vec::pop)) {
        drop(value);
    }
    ENDING.with(|ending| ending.borrow_mut().take());
}
