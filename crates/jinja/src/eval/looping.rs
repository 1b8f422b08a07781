//! The variable `loop`.

use std::fmt;
use std::sync::{Arc, Mutex};

use minijinja::value::{Object, ObjectRepr};
use minijinja::{State, Value};

use super::{Closure, Evaluator};
use crate::error::{Error, ErrorKind};
use crate::python::compare::equal;
use crate::python::iterate::{Items, len};
use crate::python::number::count;
use crate::python::{Result, lock};

/// Jinja2's `LoopContext`.
pub(crate) struct Loop {
    progress: Mutex<Progress>,
    /// The loop as a function and how deep it is, if it's recursive.
    recursion: Option<(Value, usize)>,
}

struct Progress {
    /// What the loop runs over, if its length is that of the loop.
    iterable: Value,
    items: Items,
    /// How many items were taken.
    taken: usize,
    current: Option<Value>,
    previous: Option<Value>,
    /// The item after the current one, once somebody asked.
    ahead: Ahead,
    length: Option<usize>,
    last_changed: Option<Vec<Value>>,
}

/// The item after the current one.
#[derive(Default)]
enum Ahead {
    /// Nobody asked yet.
    #[default]
    Unknown,
    Item(Value),
    End,
}

impl Loop {
    pub(crate) fn new(iterable: Value, items: Items, recursion: Option<(Value, usize)>) -> Self {
        let progress = Progress {
            iterable,
            items,
            taken: 0,
            current: None,
            previous: None,
            ahead: Ahead::Unknown,
            length: None,
            last_changed: None,
        };
        Self { progress: Mutex::new(progress), recursion }
    }

    /// Takes the next item, which isn't the current one before [`Loop::enter`].
    pub(crate) fn pull(&self) -> Result<Option<Value>> {
        let mut progress = lock(&self.progress);
        match std::mem::take(&mut progress.ahead) {
            Ahead::Item(item) => Ok(Some(item)),
            Ahead::End => Ok(None),
            Ahead::Unknown => progress.items.next(),
        }
    }

    /// Makes an item the current one.
    pub(crate) fn enter(&self, item: Value) {
        let mut progress = lock(&self.progress);
        progress.taken += 1;
        progress.previous = progress.current.replace(item);
    }

    fn depth(&self) -> usize {
        self.recursion.as_ref().map_or(0, |(_, depth)| *depth)
    }
}

impl Progress {
    fn peek(&mut self) -> Option<Value> {
        if matches!(self.ahead, Ahead::Unknown) {
            self.ahead = self.items.next().ok().flatten().map_or(Ahead::End, Ahead::Item);
        }
        match &self.ahead {
            Ahead::Item(item) => Some(item.clone()),
            _ => None,
        }
    }

    fn length(&mut self) -> usize {
        if let Some(length) = self.length {
            return length;
        }
        let known = if self.iterable.is_undefined() { None } else { len(&self.iterable).ok() };
        let length = known.unwrap_or_else(|| {
            let mut left = Vec::new();
            while let Ok(Some(item)) = self.items.next() {
                left.push(item);
            }
            let ahead = usize::from(matches!(self.ahead, Ahead::Item(_)));
            let length = self.taken + ahead + left.len();
            self.items = Items::over(left);
            length
        });
        self.length = Some(length);
        length
    }

    fn attribute(&mut self, name: &str, depth: usize) -> Option<Value> {
        Some(match name {
            "index" => count(self.taken),
            "index0" => count(self.taken.saturating_sub(1)),
            "length" => count(self.length()),
            "revindex" => count((self.length() + 1).saturating_sub(self.taken)),
            "revindex0" => count(self.length().saturating_sub(self.taken)),
            "first" => Value::from(self.taken == 1),
            "last" => Value::from(self.peek().is_none()),
            "previtem" => return self.previous.clone(),
            "nextitem" => return self.peek(),
            "depth" => count(depth + 1),
            "depth0" => count(depth),
            _ => return None,
        })
    }
}

impl fmt::Debug for Loop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Loop")
    }
}

impl Object for Loop {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        if matches!(key, "cycle" | "changed") {
            let object = Value::from_dyn_object(self.clone());
            return Some(crate::python::function::Method::value(&object, key));
        }
        lock(&self.progress).attribute(key, self.depth())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> std::result::Result<Value, minijinja::Error> {
        let mut progress = lock(&self.progress);
        match method {
            "cycle" if args.is_empty() => {
                Err(Error::new(ErrorKind::Type, "no items for cycling given").into())
            }
            "cycle" => Ok(args[progress.taken.saturating_sub(1) % args.len()].clone()),
            "changed" => {
                let same = progress.last_changed.as_ref().is_some_and(|last| {
                    last.len() == args.len() && last.iter().zip(args).all(|(a, b)| equal(a, b))
                });
                if !same {
                    progress.last_changed = Some(args.to_vec());
                }
                Ok(Value::from(!same))
            }
            _ => Err(minijinja::ErrorKind::UnknownMethod.into()),
        }
    }

    fn call(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        args: &[Value],
    ) -> std::result::Result<Value, minijinja::Error> {
        let closure = self.recursion.as_ref().and_then(|(closure, depth)| {
            closure.downcast_object_ref::<Closure>().map(|closure| (closure, *depth))
        });
        let (Some((closure, depth)), [items]) = (closure, args) else {
            let message = "The loop must have the 'recursive' marker to be called recursively.";
            return Err(Error::new(ErrorKind::Type, message).into());
        };
        let inner = Closure {
            code: closure.code.clone(),
            captured: closure.captured.clone(),
            context: closure.context.clone(),
            depth: depth + 1,
            in_macro: closure.in_macro,
        };
        let text = Evaluator::inside(state).call_loop(&Arc::new(inner), items.clone())?;
        Ok(Value::from(text))
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut progress = lock(&self.progress);
        let length = progress.length();
        write!(f, "<LoopContext {}/{length}>", progress.taken)
    }
}
