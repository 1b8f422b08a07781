//! Which slot a name has in a scope, after the rules of Jinja2's own compiler.
//!
//! A scope (a `for` body, a `set` block, ..) gives a slot to each name that it assigns, and to each name that it reads
//! and no scope around it knows. A slot starts as a copy of the outer variable of that name, as a name of the
//! context, or unset. An `if` has no scope, but its branches are counted: a name that only some of them assign
//! may still be the context's.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::ast::{Expr, Stmt, Target};
use super::walk::{Access, expression_names};

/// A slot of one of the functions around.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Place {
    /// How many functions are around it.
    pub function: usize,
    pub slot: usize,
}

/// How a slot starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    Parameter,
    Resolve,
    Missing,
    Alias(Place),
}

/// The names of one scope.
#[derive(Clone, Debug, Default)]
pub(crate) struct Symbols {
    refs: HashMap<Arc<str>, Place>,
    pub(crate) loads: HashMap<usize, Load>,
    stores: HashSet<Arc<str>>,
}

/// A scope under analysis: its names, the scopes around it, and the slots of its function.
pub(crate) struct Analysis<'a> {
    pub symbols: Symbols,
    pub outer: &'a [Symbols],
    pub function: usize,
    pub slots: &'a mut usize,
    /// The slots that names of this scope have, whichever branch of an `if` met them.
    known: HashMap<Arc<str>, usize>,
}

/// The slot of a name in these scopes, innermost last.
pub(crate) fn find(scopes: &[Symbols], name: &str) -> Option<Place> {
    scopes.iter().rev().find_map(|scope| scope.refs.get(name).copied())
}

impl<'a> Analysis<'a> {
    pub(crate) fn new(outer: &'a [Symbols], function: usize, slots: &'a mut usize) -> Self {
        Self { symbols: Symbols::default(), outer, function, slots, known: HashMap::new() }
    }

    fn define(&mut self, name: &Arc<str>, load: Load) -> usize {
        let slots = &mut *self.slots;
        let slot = *self.known.entry(name.clone()).or_insert_with(|| {
            *slots += 1;
            *slots - 1
        });
        let place = Place { function: self.function, slot };
        self.symbols.refs.insert(name.clone(), place);
        self.symbols.loads.insert(slot, load);
        slot
    }

    fn find(&self, name: &str) -> Option<Place> {
        self.symbols.refs.get(name).copied().or_else(|| find(self.outer, name))
    }

    /// A parameter, a loop's target, or a special name that the evaluator sets.
    pub(crate) fn parameter(&mut self, name: &Arc<str>) -> usize {
        self.symbols.stores.insert(name.clone());
        self.define(name, Load::Parameter)
    }

    /// All names of a target as parameters.
    pub(crate) fn parameters(&mut self, target: &Target) {
        match target {
            Target::Name(name) => {
                self.parameter(&name.text);
            }
            Target::Attribute(name, _) => self.load(&name.text),
            Target::Tuple(items, _) => items.iter().for_each(|item| self.parameters(item)),
        }
    }

    fn load(&mut self, name: &Arc<str>) {
        if self.find(name).is_none() {
            self.define(name, Load::Resolve);
        }
    }

    fn store(&mut self, name: &Arc<str>) {
        self.symbols.stores.insert(name.clone());
        if !self.symbols.refs.contains_key(name) {
            let load = find(self.outer, name).map_or(Load::Missing, Load::Alias);
            self.define(name, load);
        }
    }

    pub(crate) fn expression(&mut self, expr: &Expr) {
        expression_names(expr, &mut |name, access| match access {
            Access::Load => self.load(&name.text),
            Access::Store => self.store(&name.text),
        });
    }

    fn target(&mut self, target: &Target) {
        match target {
            Target::Name(name) => self.store(&name.text),
            Target::Attribute(name, _) => self.load(&name.text),
            Target::Tuple(items, _) => items.iter().for_each(|item| self.target(item)),
        }
    }

    /// The names of statements of this scope; inner scopes and functions are analysed when they are entered.
    pub(crate) fn statements(&mut self, body: &[Stmt]) {
        for stmt in body {
            self.statement(stmt);
        }
    }

    fn statement(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Text(_) | Stmt::Load(_) | Stmt::Break | Stmt::Continue | Stmt::Block(_) => {}
            Stmt::Print(expr) | Stmt::Do(expr) | Stmt::Recursive(expr, _) => self.expression(expr),
            Stmt::If { branches, otherwise } => self.branches(branches, otherwise),
            Stmt::For(it) => self.expression(&it.iterable),
            Stmt::Set(target, expr) => {
                self.expression(expr);
                self.target(target);
            }
            Stmt::SetBlock(it) => self.target(&it.target),
            Stmt::With(it) => it.assignments.iter().for_each(|(_, expr)| self.expression(expr)),
            Stmt::FilterBlock(filter, _) => self.expression(filter),
            Stmt::Macro(name, _) => self.store(&name.text),
            Stmt::Call(it) => self.expression(&it.call),
        }
    }

    /// `if`: the body, all `elif`s together, and `else` are three branches.
    fn branches(&mut self, branches: &[(Expr, Vec<Stmt>)], otherwise: &[Stmt]) {
        let Some(((condition, body), elifs)) = branches.split_first() else {
            return;
        };
        self.expression(condition);
        let original = self.symbols.clone();
        self.statements(body);
        let then = std::mem::replace(&mut self.symbols, original.clone());
        for elif in elifs {
            self.branches(std::slice::from_ref(elif), &[]);
        }
        let elif = std::mem::replace(&mut self.symbols, original.clone());
        self.statements(otherwise);
        let other = std::mem::replace(&mut self.symbols, original);
        self.merge([then, elif, other]);
    }

    fn merge(&mut self, branches: [Symbols; 3]) {
        let mut counts: HashMap<Arc<str>, usize> = HashMap::new();
        for branch in &branches {
            for name in branch.stores.difference(&self.symbols.stores) {
                *counts.entry(name.clone()).or_default() += 1;
            }
        }
        let all = branches.len();
        for branch in branches {
            self.symbols.refs.extend(branch.refs);
            self.symbols.loads.extend(branch.loads);
            self.symbols.stores.extend(branch.stores);
        }
        for (name, count) in counts {
            if count == all {
                continue;
            }
            if let Some(place) = self.symbols.refs.get(&name) {
                let load = find(self.outer, &name).map_or(Load::Resolve, Load::Alias);
                self.symbols.loads.insert(place.slot, load);
            }
        }
    }
}
