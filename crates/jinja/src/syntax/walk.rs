//! Walks over all names of a tree, in the order of the text.

use super::ast::{Arguments, Expr, ExprKind, Name, Stmt, Target};

/// Whether a name is read or assigned to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Load,
    Store,
}

/// Calls `visit` with every name of the statements, inner scopes and functions included.
pub(crate) fn names(body: &[Stmt], visit: &mut dyn FnMut(&Name, Access)) {
    for stmt in body {
        statement_names(stmt, visit);
    }
}

fn statement_names(stmt: &Stmt, visit: &mut dyn FnMut(&Name, Access)) {
    match stmt {
        Stmt::Text(_) | Stmt::Load(_) | Stmt::Break | Stmt::Continue => {}
        Stmt::Print(expr) | Stmt::Do(expr) => expression_names(expr, visit),
        Stmt::If { branches, otherwise } => {
            for (condition, body) in branches {
                expression_names(condition, visit);
                names(body, visit);
            }
            names(otherwise, visit);
        }
        Stmt::For(it) => {
            target_names(&it.target, visit);
            expression_names(&it.iterable, visit);
            names(&it.body.body, visit);
            names(&it.otherwise.body, visit);
            if let Some(condition) = &it.condition {
                expression_names(&condition.test, visit);
            }
        }
        Stmt::Recursive(iterable, function) => {
            expression_names(iterable, visit);
            names(&function.body, visit);
        }
        Stmt::Set(target, expr) => {
            expression_names(expr, visit);
            target_names(target, visit);
        }
        Stmt::SetBlock(it) => {
            target_names(&it.target, visit);
            names(&it.body.body, visit);
            if let Some(filter) = &it.filter {
                expression_names(filter, visit);
            }
        }
        Stmt::With(it) => {
            for (target, expr) in &it.assignments {
                target_names(target, visit);
                expression_names(expr, visit);
            }
            names(&it.body.body, visit);
        }
        Stmt::FilterBlock(filter, scope) => {
            names(&scope.body, visit);
            expression_names(filter, visit);
        }
        Stmt::Macro(name, function) => {
            visit(name, Access::Store);
            function_names(function, visit);
        }
        Stmt::Call(it) => {
            expression_names(&it.call, visit);
            function_names(&it.body, visit);
        }
        Stmt::Autoescape(on, scope) => {
            expression_names(on, visit);
            names(&scope.body, visit);
        }
        Stmt::Block(scope) => names(&scope.body, visit),
    }
}

fn function_names(function: &super::ast::Function, visit: &mut dyn FnMut(&Name, Access)) {
    for parameter in &function.parameters {
        if let Some(default) = &parameter.default {
            expression_names(default, visit);
        }
    }
    names(&function.body, visit);
}

fn target_names(target: &Target, visit: &mut dyn FnMut(&Name, Access)) {
    match target {
        Target::Name(name) => visit(name, Access::Store),
        Target::Attribute(name, _) => visit(name, Access::Load),
        Target::Tuple(items, _) => items.iter().for_each(|item| target_names(item, visit)),
    }
}

/// Calls `visit` with every name of an expression.
pub(crate) fn expression_names(expr: &Expr, visit: &mut dyn FnMut(&Name, Access)) {
    if let ExprKind::Name(name) = &expr.kind {
        visit(name, Access::Load);
    }
    children(expr, &mut |child| expression_names(child, visit));
}

/// The filters that Jinja2 gives the context, whose results it never takes for constant.
const CONTEXTUAL: [&str; 6] = ["map", "random", "reject", "rejectattr", "select", "selectattr"];

/// Whether an expression's value is the same in every context: it names nothing, calls nothing and marks nothing.
pub(crate) fn is_constant(expr: &Expr) -> bool {
    let mut constant = match &expr.kind {
        ExprKind::Name(_) | ExprKind::Call(..) => false,
        ExprKind::Filter(_, filter, _) => {
            !filter.name().starts_with("as_") && !CONTEXTUAL.contains(&filter.name())
        }
        _ => true,
    };
    children(expr, &mut |child| constant &= is_constant(child));
    constant
}

/// Calls `visit` with the direct parts of an expression, in the order in which they are evaluated.
pub(crate) fn children<'a>(expr: &'a Expr, visit: &mut dyn FnMut(&'a Expr)) {
    match &expr.kind {
        ExprKind::Name(_) | ExprKind::Const(_) => {}
        ExprKind::List(items) | ExprKind::Tuple(items) | ExprKind::Concat(items) => {
            items.iter().for_each(visit);
        }
        ExprKind::Dict(pairs) => pairs.iter().for_each(|(key, value)| {
            visit(key);
            visit(value);
        }),
        ExprKind::Attribute(object, _) => visit(object),
        ExprKind::Item(object, key) => {
            visit(object);
            visit(key);
        }
        ExprKind::Slice(parts) => parts.iter().flatten().for_each(|part| visit(part)),
        ExprKind::Call(callee, arguments) => {
            visit(callee);
            arguments_children(arguments, visit);
        }
        ExprKind::Filter(input, _, arguments) => {
            input.iter().for_each(|input| visit(input));
            arguments_children(arguments, visit);
        }
        ExprKind::Test(input, _, arguments) => {
            visit(input);
            arguments_children(arguments, visit);
        }
        ExprKind::Conditional(condition, then, otherwise) => {
            visit(condition);
            visit(then);
            otherwise.iter().for_each(|other| visit(other));
        }
        ExprKind::And(a, b) | ExprKind::Or(a, b) | ExprKind::Binary(_, a, b) => {
            visit(a);
            visit(b);
        }
        ExprKind::Not(it) | ExprKind::Negative(it) | ExprKind::Positive(it) => visit(it),
        ExprKind::Compare(first, others) => {
            visit(first);
            others.iter().for_each(|(_, other)| visit(other));
        }
    }
}

fn arguments_children<'a>(arguments: &'a Arguments, visit: &mut dyn FnMut(&'a Expr)) {
    arguments.positional.iter().for_each(&mut *visit);
    arguments.keywords.iter().for_each(|(_, value)| visit(value));
    arguments.star.iter().for_each(|star| visit(star));
    arguments.double_star.iter().for_each(|star| visit(star));
}
