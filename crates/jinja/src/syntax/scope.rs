//! Gives every name of a tree its slot.

use std::collections::HashSet;
use std::sync::Arc;

use super::ast::{
    Arguments, CallBlock, Capture, Expr, ExprKind, For, Function, Name, Role, Scope, SetBlock, Stmt, Target,
    With,
};
use super::callable::MACRO_PREFIX;
use super::symbols::{Analysis, Load, Place, Symbols, find};
use super::walk::{self, Access};

/// Where a name's value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Variable {
    /// A slot of the function's frame.
    Slot(usize),
    /// A variable of a function around, by its place in [`Function::captures`].
    Captured(usize),
    /// No slot: a read asks the context.
    #[default]
    Context,
}

/// How a slot starts when its scope is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Init {
    /// Unset: a read asks the context.
    Resolve,
    /// Undefined until assigned.
    Missing,
    /// A copy of an outer variable.
    Copy(Variable),
}

/// Resolves a whole function (a template or a macro), with all functions inside.
pub(crate) fn resolve(function: &mut Function) {
    let mut has_macros = false;
    walk::names(&function.body, &mut |name, access| {
        has_macros |= access == Access::Store && name.text.starts_with(MACRO_PREFIX);
    });
    let mut resolver = Resolver { has_macros, functions: Vec::new(), scopes: Vec::new() };
    resolver.function(function);
}

/// The slots of one function.
#[derive(Default)]
struct Slots {
    count: usize,
    captures: Vec<(Place, Capture)>,
    shared: Vec<usize>,
}

struct Resolver {
    /// Whether the text defines macros of its own.
    has_macros: bool,
    functions: Vec<Slots>,
    scopes: Vec<Symbols>,
}

impl Resolver {
    /// The names of a new scope of the current function.
    fn analyse<R>(&mut self, find_names: impl FnOnce(&mut Analysis<'_>) -> R) -> (Symbols, R) {
        let function = self.functions.len() - 1;
        let slots = &mut self.functions[function].count;
        let mut analysis = Analysis::new(&self.scopes, function, slots);
        let found = find_names(&mut analysis);
        (analysis.symbols, found)
    }

    /// Resolves what is inside of a scope; gives how its slots start.
    fn enter(&mut self, symbols: Symbols, inside: impl FnOnce(&mut Self)) -> Vec<(usize, Init)> {
        let mut loads: Vec<(usize, Load)> = symbols.loads().collect();
        loads.sort_unstable_by_key(|(slot, _)| *slot);
        self.scopes.push(symbols);
        inside(self);
        self.scopes.pop();
        let start = |(slot, load): (usize, Load)| {
            let init = match load {
                Load::Parameter => return None,
                Load::Resolve => Init::Resolve,
                Load::Missing => Init::Missing,
                Load::Alias(place) => Init::Copy(self.variable(place)),
            };
            Some((slot, init))
        };
        loads.into_iter().filter_map(start).collect()
    }

    /// How the current function reaches a slot; registers captures on the way.
    fn variable(&mut self, place: Place) -> Variable {
        let current = self.functions.len() - 1;
        if place.function == current {
            return Variable::Slot(place.slot);
        }
        let shared = &mut self.functions[place.function].shared;
        if !shared.contains(&place.slot) {
            shared.push(place.slot);
        }
        let mut index = None;
        for function in place.function + 1..=current {
            let source = index.map_or(Capture::Slot(place.slot), Capture::Captured);
            let captures = &mut self.functions[function].captures;
            let known = captures.iter().position(|(known, _)| *known == place);
            index = Some(known.unwrap_or_else(|| {
                captures.push((place, source));
                captures.len() - 1
            }));
        }
        index.map_or(Variable::Context, Variable::Captured)
    }

    fn function(&mut self, function: &mut Function) {
        self.functions.push(Slots::default());
        let special = Special::of(function);
        let (symbols, slots) = self.analyse(|scope| {
            let parameters: Vec<usize> =
                function.parameters.iter().map(|p| scope.parameter(&p.name)).collect();
            for default in function.parameters.iter().filter_map(|p| p.default.as_ref()) {
                scope.expression(default);
            }
            scope.statements(&function.body);
            let mut slot = |name: &Option<Arc<str>>| name.as_ref().map(|it| scope.parameter(it));
            (parameters, slot(&special.caller), slot(&special.kwargs), slot(&special.varargs))
        });
        for (parameter, slot) in function.parameters.iter_mut().zip(slots.0) {
            parameter.slot = slot;
        }
        (function.caller_slot, function.kwargs_slot, function.varargs_slot) = (slots.1, slots.2, slots.3);
        function.explicit_caller = special.explicit_caller;
        function.starts = self.enter(symbols, |this| {
            for default in function.parameters.iter_mut().filter_map(|p| p.default.as_mut()) {
                this.expr(default);
            }
            this.body(&mut function.body);
        });
        if let Some(slots) = self.functions.pop() {
            function.slots = slots.count;
            function.shared = slots.shared;
            function.captures = slots.captures.into_iter().map(|(_, from)| from).collect();
        }
    }

    fn body(&mut self, body: &mut [Stmt]) {
        for stmt in body {
            self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: &mut Stmt) {
        match stmt {
            Stmt::Text(_) | Stmt::Load(_) | Stmt::Break | Stmt::Continue => {}
            Stmt::Print(expr) | Stmt::Do(expr) => self.expr(expr),
            Stmt::If { branches, otherwise } => {
                for (condition, body) in branches {
                    self.expr(condition);
                    self.body(body);
                }
                self.body(otherwise);
            }
            Stmt::For(it) => self.for_loop(it),
            Stmt::Recursive(iterable, function) => {
                self.expr(iterable);
                self.inner(function);
            }
            Stmt::Set(target, expr) => {
                self.expr(expr);
                self.target(target);
            }
            Stmt::SetBlock(it) => self.set_block(it),
            Stmt::With(it) => self.with(it),
            Stmt::FilterBlock(filter, scope) => {
                let (symbols, ()) = self.analyse(|names| {
                    names.statements(&scope.body);
                    names.expression(filter);
                });
                scope.starts = self.enter(symbols, |this| {
                    this.body(&mut scope.body);
                    this.expr(filter);
                });
            }
            Stmt::Macro(name, function) => {
                self.name(name);
                self.inner(function);
            }
            Stmt::Call(it) => {
                let CallBlock { call, body } = &mut **it;
                self.expr(call);
                self.inner(body);
            }
            Stmt::Autoescape(on, scope) => {
                self.expr(on);
                self.scope(scope);
            }
            Stmt::Block(scope) => self.scope(scope),
        }
    }

    /// A function inside of the current one. The tree is fresh from the parser, so nobody else holds it.
    fn inner(&mut self, function: &mut Arc<Function>) {
        if let Some(function) = Arc::get_mut(function) {
            self.function(function);
        }
    }

    fn scope(&mut self, scope: &mut Scope) {
        let (symbols, ()) = self.analyse(|names| names.statements(&scope.body));
        scope.starts = self.enter(symbols, |this| this.body(&mut scope.body));
    }

    fn for_loop(&mut self, it: &mut For) {
        self.expr(&mut it.iterable);
        if let Some(condition) = &mut it.condition {
            let (symbols, ()) = self.analyse(|names| {
                names.parameters(&condition.target);
                names.expression(&condition.test);
            });
            condition.starts = self.enter(symbols, |this| {
                this.target(&mut condition.target);
                this.expr(&mut condition.test);
            });
        }
        let loop_name: Option<Arc<str>> =
            undeclared(&it.body.body, &["loop"]).contains("loop").then(|| "loop".into());
        let (symbols, loop_slot) = self.analyse(|names| {
            let slot = loop_name.as_ref().map(|name| names.parameter(name));
            names.parameters(&it.target);
            names.statements(&it.body.body);
            slot
        });
        it.loop_slot = loop_slot;
        it.body.starts = self.enter(symbols, |this| {
            this.target(&mut it.target);
            this.body(&mut it.body.body);
        });
        self.scope(&mut it.otherwise);
    }

    fn set_block(&mut self, it: &mut SetBlock) {
        self.target(&mut it.target);
        let SetBlock { filter, body, .. } = it;
        let (symbols, ()) = self.analyse(|names| {
            names.statements(&body.body);
            filter.iter().for_each(|filter| names.expression(filter));
        });
        body.starts = self.enter(symbols, |this| {
            this.body(&mut body.body);
            filter.iter_mut().for_each(|filter| this.expr(filter));
        });
    }

    fn with(&mut self, it: &mut With) {
        for (_, expr) in &mut it.assignments {
            self.expr(expr);
        }
        let (symbols, ()) = self.analyse(|names| {
            for (target, _) in &it.assignments {
                names.parameters(target);
            }
            names.statements(&it.body.body);
        });
        it.body.starts = self.enter(symbols, |this| {
            for (target, _) in &mut it.assignments {
                this.target(target);
            }
            this.body(&mut it.body.body);
        });
    }

    fn target(&mut self, target: &mut Target) {
        match target {
            Target::Name(name) | Target::Attribute(name, _) => self.name(name),
            Target::Tuple(items, _) => items.iter_mut().for_each(|item| self.target(item)),
        }
    }

    fn name(&mut self, name: &mut Name) {
        if let Some(place) = find(&self.scopes, &name.text) {
            name.variable = self.variable(place);
        }
        if self.has_macros {
            let inline = find(&self.scopes, &format!("{MACRO_PREFIX}{}", name.text));
            name.inline = inline.map(|place| self.variable(place));
        }
    }

    fn expr(&mut self, expr: &mut Expr) {
        match &mut expr.kind {
            ExprKind::Name(name) => self.name(name),
            ExprKind::Const(_) => {}
            ExprKind::List(items) | ExprKind::Tuple(items) | ExprKind::Concat(items) => {
                items.iter_mut().for_each(|item| self.expr(item));
            }
            ExprKind::Dict(pairs) => pairs.iter_mut().for_each(|(key, value)| {
                self.expr(key);
                self.expr(value);
            }),
            ExprKind::Attribute(it, _)
            | ExprKind::Not(it)
            | ExprKind::Negative(it)
            | ExprKind::Positive(it) => self.expr(it),
            ExprKind::Item(a, b) | ExprKind::And(a, b) | ExprKind::Or(a, b) | ExprKind::Binary(_, a, b) => {
                self.expr(a);
                self.expr(b);
            }
            ExprKind::Slice(parts) => parts.iter_mut().flatten().for_each(|it| self.expr(it)),
            ExprKind::Call(it, arguments) | ExprKind::Test(it, _, arguments) => {
                self.expr(it);
                self.arguments(arguments);
            }
            ExprKind::Filter(input, _, arguments) => {
                input.iter_mut().for_each(|input| self.expr(input));
                self.arguments(arguments);
            }
            ExprKind::Conditional(condition, then, otherwise) => {
                self.expr(condition);
                self.expr(then);
                otherwise.iter_mut().for_each(|other| self.expr(other));
            }
            ExprKind::Compare(first, others) => {
                self.expr(first);
                others.iter_mut().for_each(|(_, other)| self.expr(other));
            }
        }
    }

    fn arguments(&mut self, arguments: &mut Arguments) {
        arguments.positional.iter_mut().for_each(|it| self.expr(it));
        arguments.keywords.iter_mut().for_each(|(_, it)| self.expr(it));
        arguments.star.iter_mut().for_each(|it| self.expr(it));
        arguments.double_star.iter_mut().for_each(|it| self.expr(it));
    }
}

/// The names that a macro's body may use without declaring them.
struct Special {
    caller: Option<Arc<str>>,
    kwargs: Option<Arc<str>>,
    varargs: Option<Arc<str>>,
    explicit_caller: bool,
}

impl Special {
    fn of(function: &Function) -> Self {
        let used = match function.role {
            Role::Macro | Role::Caller => undeclared(&function.body, &["caller", "kwargs", "varargs"]),
            Role::Template | Role::Loop => HashSet::new(),
        };
        let is_parameter = |name: &str| function.parameters.iter().any(|p| &*p.name == name);
        let slot = |name: &str| (used.contains(name) && !is_parameter(name)).then(|| name.into());
        Self {
            caller: slot("caller"),
            kwargs: slot("kwargs"),
            varargs: slot("varargs"),
            explicit_caller: used.contains("caller") && is_parameter("caller"),
        }
    }
}

/// Which of the names are read before they are assigned to, inner scopes and functions included.
pub(super) fn undeclared(body: &[Stmt], names: &[&'static str]) -> HashSet<&'static str> {
    let mut open: Vec<&'static str> = names.to_vec();
    let mut found = HashSet::new();
    walk::names(body, &mut |name, access| {
        if let Some(at) = open.iter().position(|open| *open == &*name.text) {
            if access == Access::Load {
                found.insert(open[at]);
            } else {
                open.remove(at);
            }
        }
    });
    found
}
