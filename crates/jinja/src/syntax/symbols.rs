//! Which slot a name has in a scope, after the rules of Jinja2's own compiler.
//!
//! A scope (a `for` body, a `set` block, ..) gives a slot to each name that it assigns, and to each name that it reads
//! and no scope around it knows. A slot starts as a copy of the outer variable of that name, as a name of the
//! context, or unset. An `if` has no scope, but its branches are counted: a name that only some of them assign
//! may still be the context's.

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

/// The names of one scope. A scope has few, so lists beat maps.
#[derive(Clone, Debug, Default)]
pub(crate) struct Symbols {
    names: Vec<Symbol>,
}

/// A name of a scope.
#[derive(Clone, Debug)]
struct Symbol {
    name: Arc<str>,
    place: Place,
    load: Load,
    stored: bool,
}

impl Symbols {
    fn get(&self, name: &str) -> Option<&Symbol> {
        self.names.iter().find(|it| &*it.name == name)
    }

    fn get_mut(&mut self, name: &str) -> Option<&mut Symbol> {
        self.names.iter_mut().find(|it| &*it.name == name)
    }

    /// The slots and how they start.
    pub(crate) fn loads(&self) -> impl Iterator<Item = (usize, Load)> {
        self.names.iter().map(|it| (it.place.slot, it.load))
    }
}

/// A scope under analysis: its names, the scopes around it, and the slots of its function.
pub(crate) struct Analysis<'a> {
    pub symbols: Symbols,
    pub outer: &'a [Symbols],
    pub function: usize,
    pub slots: &'a mut usize,
    /// The slots that names of this scope have, whichever branch of an `if` met them.
    known: Vec<(Arc<str>, usize)>,
}

/// The slot of a name in these scopes, innermost last.
pub(crate) fn find(scopes: &[Symbols], name: &str) -> Option<Place> {
    scopes.iter().rev().find_map(|scope| scope.get(name).map(|it| it.place))
}

impl<'a> Analysis<'a> {
    pub(crate) fn new(outer: &'a [Symbols], function: usize, slots: &'a mut usize) -> Self {
        Self { symbols: Symbols::default(), outer, function, slots, known: Vec::new() }
    }

    fn define(&mut self, name: &Arc<str>, load: Load, stored: bool) -> usize {
        let known = self.known.iter().find(|(known, _)| known == name).map(|(_, slot)| *slot);
        let slot = known.unwrap_or_else(|| {
            *self.slots += 1;
            self.known.push((name.clone(), *self.slots - 1));
            *self.slots - 1
        });
        let place = Place { function: self.function, slot };
        match self.symbols.get_mut(name) {
            Some(symbol) => {
                symbol.load = load;
                symbol.stored |= stored;
            }
            None => self.symbols.names.push(Symbol { name: name.clone(), place, load, stored }),
        }
        slot
    }

    fn find(&self, name: &str) -> Option<Place> {
        self.symbols.get(name).map(|it| it.place).or_else(|| find(self.outer, name))
    }

    /// A parameter, a loop's target, or a special name that the evaluator sets.
    pub(crate) fn parameter(&mut self, name: &Arc<str>) -> usize {
        self.define(name, Load::Parameter, true)
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
            self.define(name, Load::Resolve, false);
        }
    }

    fn store(&mut self, name: &Arc<str>) {
        if let Some(symbol) = self.symbols.get_mut(name) {
            symbol.stored = true;
            return;
        }
        let load = find(self.outer, name).map_or(Load::Missing, Load::Alias);
        self.define(name, load, true);
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
            Stmt::Print(expr) | Stmt::Do(expr) | Stmt::Recursive(expr, _) | Stmt::Autoescape(expr, _) => {
                self.expression(expr);
            }
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

    /// Joins the branches: what only some of them assign starts as the outer variable or the context's.
    fn merge(&mut self, branches: [Symbols; 3]) {
        let is_stored = |symbols: &Symbols, name: &str| symbols.get(name).is_some_and(|it| it.stored);
        let counts: Vec<(Arc<str>, usize)> = branches
            .iter()
            .flat_map(|branch| &branch.names)
            .filter(|it| it.stored && !is_stored(&self.symbols, &it.name))
            .map(|it| {
                let count = branches.iter().filter(|branch| is_stored(branch, &it.name)).count();
                (it.name.clone(), count)
            })
            .collect();
        let all = branches.len();
        for symbol in branches.into_iter().flat_map(|branch| branch.names) {
            match self.symbols.get_mut(&symbol.name) {
                Some(known) => {
                    known.load = symbol.load;
                    known.stored |= symbol.stored;
                }
                None => self.symbols.names.push(symbol),
            }
        }
        for (name, _) in counts.into_iter().filter(|(_, count)| *count < all) {
            let load = find(self.outer, &name).map_or(Load::Resolve, Load::Alias);
            if let Some(symbol) = self.symbols.get_mut(&name) {
                symbol.load = load;
            }
        }
    }
}
