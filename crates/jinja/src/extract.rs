//! What a template calls, read from its syntax without rendering it.

use std::sync::Arc;

use indexmap::IndexSet;
use minijinja::Value;

use crate::python::arithmetic::sign;
use crate::python::compare::hashable;
use crate::python::dict::Dict;
use crate::python::list::List;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Function, Stmt};
use crate::syntax::statement::with_stack;
use crate::syntax::walk::{self, Access};

/// A call `name(..)` or `a.b(..)` found in a template.
#[derive(Clone, Debug)]
pub struct Call {
    /// The called name, with dots for attributes (`dbt_utils.star`).
    pub name: Arc<str>,
    /// Positional arguments.
    pub args: Vec<Argument>,
    /// Keyword arguments.
    pub kwargs: Vec<(Arc<str>, Argument)>,
    /// `*args` or `**kwargs` were given, which nobody knows before rendering.
    pub has_star: bool,
    /// From the name to the closing parenthesis.
    pub span: Span,
    /// Whether it always runs: false inside of `if`, `for`, a macro and the like.
    pub unconditional: bool,
    /// Whether it is all of a `{{ .. }}`.
    pub printed: bool,
}

impl Call {
    /// Whether all arguments are literals.
    pub fn is_literal(&self) -> bool {
        let keywords = self.kwargs.iter().map(|(_, value)| value);
        !self.has_star && self.args.iter().chain(keywords).all(|it| it.value.is_some())
    }
}

/// An argument of a [`Call`].
#[derive(Clone, Debug)]
pub struct Argument {
    /// The value of a literal (strings, numbers, lists, dicts of literals); none for anything else.
    pub value: Option<Value>,
    /// Where it stands.
    pub span: Span,
}

/// All that [`crate::Template::extract`] found.
#[derive(Clone, Debug, Default)]
pub struct Extraction {
    /// The calls, in the order of the text, inner calls before the calls that they are arguments of.
    pub calls: Vec<Call>,
    /// Whether the template is nothing but text, comments and unconditional `{{ name(literals) }}`: then `calls` is
    /// the whole truth about it.
    pub is_static: bool,
    /// Names that are read from the context, called ones too, in the order of the text.
    pub names: Vec<Arc<str>>,
}

/// Reads the calls of a body.
pub(crate) fn extract(code: &Function) -> Extraction {
    with_stack(code.tokens, || read(code))
}

fn read(code: &Function) -> Extraction {
    let body = &code.body;
    let mut reader = Reader { found: Extraction::default(), conditions: 0 };
    reader.conditional(|reader| reader.defaults(code));
    reader.body(body);
    let mut names: IndexSet<Arc<str>> = IndexSet::new();
    let mut assigned: IndexSet<Arc<str>> = IndexSet::new();
    walk::names(body, &mut |name, access| {
        if access == Access::Store {
            assigned.insert(name.text.clone());
        } else if !assigned.contains(&name.text) {
            names.insert(name.text.clone());
        }
    });
    let mut found = reader.found;
    found.names = names.into_iter().collect();
    found.is_static = body.iter().all(is_static);
    found
}

fn is_static(stmt: &Stmt) -> bool {
    match stmt {
        Stmt::Text(_) => true,
        Stmt::Print(expr) | Stmt::Do(expr) => {
            is_literal(expr) || matches!(&expr.kind, ExprKind::Name(_)) || is_plain_call(expr)
        }
        _ => false,
    }
}

fn is_plain_call(expr: &Expr) -> bool {
    let ExprKind::Call(callee, arguments) = &expr.kind else {
        return false;
    };
    let keywords = arguments.keywords.iter().map(|(_, value)| value);
    dotted(callee).is_some()
        && arguments.star.is_none()
        && arguments.double_star.is_none()
        && arguments.positional.iter().chain(keywords).all(is_literal)
}

/// `a` or `a.b.c`
fn dotted(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name.text.to_string()),
        ExprKind::Attribute(object, name) => Some(format!("{}.{name}", dotted(object)?)),
        _ => None,
    }
}

/// Whether an expression is a literal: its value needs no context.
pub(crate) fn is_literal(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Const(_) => true,
        ExprKind::List(items) | ExprKind::Tuple(items) => items.iter().all(is_literal),
        ExprKind::Dict(pairs) => pairs.iter().all(|(key, value)| is_literal(key) && is_literal(value)),
        ExprKind::Negative(inner) | ExprKind::Positive(inner) => {
            matches!(&inner.kind, ExprKind::Const(value) if value.is_number())
        }
        _ => false,
    }
}

/// The value of a literal.
fn literal(expr: &Expr) -> Option<Value> {
    let all = |items: &[Expr]| items.iter().map(literal).collect::<Option<Vec<_>>>();
    Some(match &expr.kind {
        ExprKind::Const(value) => value.clone(),
        ExprKind::List(items) => List::value(all(items)?),
        ExprKind::Tuple(items) => crate::value::tuple(all(items)?),
        ExprKind::Dict(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| {
                let key = literal(key).filter(|key| hashable(key).is_ok())?;
                Some((key, literal(value)?))
            });
            Dict::value(pairs.collect::<Option<_>>()?)
        }
        ExprKind::Negative(inner) if is_literal(expr) => sign(&literal(inner)?, true).ok()?,
        ExprKind::Positive(inner) if is_literal(expr) => literal(inner)?,
        _ => return None,
    })
}

struct Reader {
    found: Extraction,
    /// How many conditions are around.
    conditions: usize,
}

impl Reader {
    fn body(&mut self, body: &[Stmt]) {
        for stmt in body {
            self.stmt(stmt);
        }
    }

    /// What is called where an argument is not given.
    fn defaults(&mut self, function: &Function) {
        function.parameters.iter().filter_map(|it| it.default.as_ref()).for_each(|it| self.expr(it));
    }

    fn conditional(&mut self, inside: impl FnOnce(&mut Self)) {
        self.conditions += 1;
        inside(self);
        self.conditions -= 1;
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Text(_) | Stmt::Load(_) | Stmt::Break | Stmt::Continue => {}
            Stmt::Print(expr) => {
                self.expr(expr);
                if let (ExprKind::Call(..), Some(last)) = (&expr.kind, self.found.calls.last_mut()) {
                    last.printed = last.span == expr.span;
                }
            }
            Stmt::Do(expr) => self.expr(expr),
            Stmt::If { branches, otherwise } => {
                for (at, (condition, body)) in branches.iter().enumerate() {
                    if at == 0 {
                        self.expr(condition);
                    } else {
                        self.conditional(|this| this.expr(condition));
                    }
                    self.conditional(|this| this.body(body));
                }
                self.conditional(|this| this.body(otherwise));
            }
            Stmt::For(it) => {
                self.expr(&it.iterable);
                self.conditional(|this| {
                    it.condition.iter().for_each(|condition| this.expr(&condition.test));
                    this.body(&it.body.body);
                    this.body(&it.otherwise.body);
                });
            }
            Stmt::Recursive(iterable, function) => {
                self.expr(iterable);
                self.conditional(|this| this.body(&function.body));
            }
            Stmt::Set(_, expr) => self.expr(expr),
            Stmt::SetBlock(it) => {
                self.body(&it.body.body);
                it.filter.iter().for_each(|filter| self.expr(filter));
            }
            Stmt::With(it) => {
                it.assignments.iter().for_each(|(_, expr)| self.expr(expr));
                self.body(&it.body.body);
            }
            Stmt::FilterBlock(filter, scope) => {
                self.body(&scope.body);
                self.expr(filter);
            }
            Stmt::Macro(_, function) => self.conditional(|this| {
                this.defaults(function);
                this.body(&function.body);
            }),
            Stmt::Call(it) => {
                self.expr(&it.call);
                self.conditional(|this| this.body(&it.body.body));
            }
            Stmt::Autoescape(on, scope) => {
                self.expr(on);
                self.body(&scope.body);
            }
            Stmt::Block(scope) => self.body(&scope.body),
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::And(a, b) | ExprKind::Or(a, b) => {
                self.expr(a);
                self.conditional(|this| this.expr(b));
            }
            ExprKind::Conditional(condition, then, otherwise) => {
                self.expr(condition);
                self.conditional(|this| {
                    this.expr(then);
                    otherwise.iter().for_each(|other| this.expr(other));
                });
            }
            _ => walk::children(expr, &mut |child| self.expr(child)),
        }
        if let ExprKind::Call(callee, arguments) = &expr.kind {
            let Some(name) = dotted(callee) else {
                return;
            };
            let argument = |expr: &Expr| Argument { value: literal(expr), span: expr.span };
            let keyword = |(name, expr): &(Arc<str>, Expr)| (name.clone(), argument(expr));
            self.found.calls.push(Call {
                name: name.into(),
                args: arguments.positional.iter().map(argument).collect(),
                kwargs: arguments.keywords.iter().map(keyword).collect(),
                has_star: arguments.star.is_some() || arguments.double_star.is_some(),
                span: expr.span,
                unconditional: self.conditions == 0,
                printed: false,
            });
        }
    }
}
