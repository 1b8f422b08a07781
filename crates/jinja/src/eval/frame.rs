//! The variables of a running function.

use std::sync::{Arc, Mutex};

use minijinja::Value;

use super::Evaluator;
use crate::python::lock;
use crate::python::undefined::Undefined;
use crate::source::{Place, Span};
use crate::syntax::ast::{Capture, Function, Name};
use crate::syntax::scope::{Init, Variable};

/// A variable that functions inside of its own function use too.
pub(crate) type Cell = Arc<Mutex<Slot>>;

/// What is in a variable.
#[derive(Clone, Debug)]
pub(crate) enum Slot {
    /// A read asks the context.
    Unset,
    /// Not assigned yet.
    Missing,
    Value(Value),
    Shared(Cell),
}

/// The variables of a running function.
pub(crate) struct Frame<'c> {
    pub code: &'c Function,
    pub context: Value,
    slots: Vec<Slot>,
    captured: Arc<[Cell]>,
    /// In the function of a recursive loop: the loop as a function, and how deep it is.
    pub recursion: Option<(Value, usize)>,
}

impl<'c> Frame<'c> {
    pub(crate) fn new(code: &'c Function, context: Value, captured: Arc<[Cell]>) -> Self {
        let mut slots = vec![Slot::Missing; code.slots];
        for slot in &code.shared {
            slots[*slot] = Slot::Shared(Arc::new(Mutex::new(Slot::Missing)));
        }
        Self { code, context, slots, captured, recursion: None }
    }

    /// Sets the slots of a scope as it is entered.
    pub(crate) fn start(&mut self, starts: &[(usize, Init)]) {
        for (slot, init) in starts {
            let start = match init {
                Init::Resolve => Slot::Unset,
                Init::Missing => Slot::Missing,
                Init::Copy(variable) => self.read(*variable),
            };
            self.write(*slot, start);
        }
    }

    fn read(&self, variable: Variable) -> Slot {
        let slot = match variable {
            Variable::Slot(slot) => &self.slots[slot],
            Variable::Captured(index) => return lock(&self.captured[index]).clone(),
            Variable::Context => return Slot::Unset,
        };
        match slot {
            Slot::Shared(cell) => lock(cell).clone(),
            other => other.clone(),
        }
    }

    fn write(&mut self, slot: usize, value: Slot) {
        match &self.slots[slot] {
            Slot::Shared(cell) => *lock(cell) = value,
            _ => self.slots[slot] = value,
        }
    }

    /// Sets a slot.
    pub(crate) fn set(&mut self, slot: usize, value: Value) {
        self.write(slot, Slot::Value(value));
    }

    /// Whether a parameter's slot has no value yet.
    pub(crate) fn is_missing(&self, slot: usize) -> bool {
        matches!(self.read(Variable::Slot(slot)), Slot::Missing)
    }

    /// Sets a name.
    pub(crate) fn assign(&mut self, name: &Name, value: Value) {
        match name.variable {
            Variable::Slot(slot) => self.set(slot, value),
            Variable::Captured(index) => *lock(&self.captured[index]) = Slot::Value(value),
            // Every name that is assigned to has a slot.
            Variable::Context => {}
        }
    }

    /// The variables that an inner function uses.
    pub(crate) fn capture(&self, inner: &Function) -> Arc<[Cell]> {
        let cell = |capture: &Capture| match capture {
            Capture::Slot(slot) => match &self.slots[*slot] {
                Slot::Shared(cell) => cell.clone(),
                other => Arc::new(Mutex::new(other.clone())),
            },
            Capture::Captured(index) => self.captured[*index].clone(),
        };
        inner.captures.iter().map(cell).collect()
    }

    /// A place in the function's file.
    pub(crate) fn place(&self, span: Span) -> Place {
        self.code.file.place(span)
    }

    /// The value of a name.
    pub(crate) fn load(&mut self, evaluator: &Evaluator<'_, '_, '_>, name: &Name) -> Value {
        if let Variable::Slot(slot) = name.variable
            && let Slot::Value(value) = &self.slots[slot]
        {
            return value.clone();
        }
        let value = match self.read(name.variable) {
            Slot::Value(value) => return value,
            Slot::Unset => {
                let found = self.resolve(evaluator, &name.text);
                if let (None, Some(inline)) = (&found, name.inline) {
                    // Not kept: the macro may be defined between two reads.
                    if let Slot::Value(value) = self.read(inline) {
                        return value;
                    }
                }
                found
            }
            Slot::Missing | Slot::Shared(_) => None,
        };
        match value {
            Some(value) => {
                self.assign(name, value.clone());
                value
            }
            None => {
                let chainable = evaluator.chainable() || self.leaves_open(evaluator, &name.text);
                Undefined::name(name.text.clone(), chainable)
            }
        }
    }

    /// Whether the host, asked for a name while a project is read, gives an undefined value: it can't tell.
    fn leaves_open(&self, evaluator: &Evaluator<'_, '_, '_>, name: &str) -> bool {
        let found = self.context.as_object().and_then(|object| object.get_value_by_str(name));
        found.is_some_and(|value| evaluator.is_chainable(&value))
    }

    fn resolve(&self, evaluator: &Evaluator<'_, '_, '_>, name: &str) -> Option<Value> {
        let found = match self.context.as_object() {
            Some(object) => object.get_value_by_str(name),
            None => None,
        };
        found.filter(|value| !value.is_undefined()).or_else(|| evaluator.env.global(name))
    }
}
