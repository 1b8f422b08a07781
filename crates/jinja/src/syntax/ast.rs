//! The tree of a template. Names carry the slot that [`super::scope`] gives them.

use std::sync::Arc;

use minijinja::Value;

use super::scope::{Init, Variable};
use crate::filters::Filter;
use crate::predicates::Test;
use crate::source::{SourceFile, Span};

/// An expression and where it stands.
#[derive(Debug)]
pub(crate) struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

/// What an expression is.
#[derive(Debug)]
pub(crate) enum ExprKind {
    Name(Name),
    Const(Value),
    List(Vec<Expr>),
    Tuple(Vec<Expr>),
    Dict(Vec<(Expr, Expr)>),
    Attribute(Box<Expr>, Arc<str>),
    Item(Box<Expr>, Box<Expr>),
    /// `[start:stop:step]`, only as the index of an item.
    Slice([Option<Box<Expr>>; 3]),
    Call(Box<Expr>, Arguments),
    /// No input inside of a `filter` block or a `set` block's filters.
    Filter(Option<Box<Expr>>, Filter, Arguments),
    Test(Box<Expr>, Test, Arguments),
    /// `then if condition else other`, condition first.
    Conditional(Box<Expr>, Box<Expr>, Option<Box<Expr>>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Negative(Box<Expr>),
    Positive(Box<Expr>),
    Binary(BinaryOperator, Box<Expr>, Box<Expr>),
    /// `a ~ b ~ c`
    Concat(Vec<Expr>),
    /// `a < b <= c`
    Compare(Box<Expr>, Vec<(Comparison, Expr)>),
}

/// A name and its slot.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub text: Arc<str>,
    pub variable: Variable,
    /// A macro of the same text that has this name, for when the context knows none.
    pub inline: Option<Variable>,
}

/// The arguments of a call, filter or test.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    pub positional: Vec<Expr>,
    pub keywords: Vec<(Arc<str>, Expr)>,
    /// `*args`
    pub star: Option<Box<Expr>>,
    /// `**kwargs`
    pub double_star: Option<Box<Expr>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BinaryOperator {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
}

/// What is assigned to: by `set`, `for`, `with`.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Name(Name),
    Tuple(Vec<Target>, Span),
    /// `namespace.attribute`
    Attribute(Name, Arc<str>),
}

/// A statement.
#[derive(Debug)]
pub(crate) enum Stmt {
    Text(Arc<str>),
    Print(Expr),
    If {
        /// `if` and `elif`
        branches: Vec<(Expr, Vec<Stmt>)>,
        otherwise: Vec<Stmt>,
    },
    For(Box<For>),
    /// `for .. recursive`: the function holds the loop and takes what it runs over.
    Recursive(Expr, Arc<Function>),
    Set(Target, Expr),
    SetBlock(Box<SetBlock>),
    With(Box<With>),
    FilterBlock(Expr, Scope),
    /// `macro`; the name is assigned to.
    Macro(Name, Arc<Function>),
    Call(Box<CallBlock>),
    Do(Expr),
    /// `autoescape`: whether what is printed is escaped for HTML.
    Autoescape(Expr, Scope),
    /// `block`: rendered where it stands.
    Block(Scope),
    /// `include`, `import`, `extends`: there is no loader, so they fail when reached.
    Load(Span),
    Break,
    Continue,
}

/// Statements with names of their own, and how these start.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    pub body: Vec<Stmt>,
    pub starts: Vec<(usize, Init)>,
}

#[derive(Debug)]
pub(crate) struct For {
    pub target: Target,
    pub iterable: Expr,
    pub condition: Option<Condition>,
    pub body: Scope,
    pub otherwise: Scope,
    /// The slot of `loop`, if the body names it.
    pub loop_slot: Option<usize>,
    /// Whether the body asks `loop` for what only a look ahead tells.
    pub looks_ahead: bool,
    pub span: Span,
}

/// `if` of a `for`: a scope with the loop's targets in slots of its own.
#[derive(Debug)]
pub(crate) struct Condition {
    pub target: Target,
    pub test: Expr,
    pub starts: Vec<(usize, Init)>,
}

#[derive(Debug)]
pub(crate) struct SetBlock {
    pub target: Target,
    /// A chain of filters without an input.
    pub filter: Option<Expr>,
    pub body: Scope,
}

#[derive(Debug)]
pub(crate) struct With {
    pub assignments: Vec<(Target, Expr)>,
    pub body: Scope,
}

#[derive(Debug)]
pub(crate) struct CallBlock {
    pub call: Expr,
    pub body: Arc<Function>,
}

/// A macro, a call block's body, or a whole template: code with a frame of its own.
#[derive(Debug)]
pub(crate) struct Function {
    pub role: Role,
    pub name: Arc<str>,
    pub file: SourceFile,
    /// The tag, for messages.
    pub span: Span,
    pub parameters: Vec<ParameterCode>,
    pub body: Vec<Stmt>,
    /// How many tokens the text has that it was made of: its tree is no deeper.
    pub tokens: usize,
    pub starts: Vec<(usize, Init)>,
    /// How many slots a frame has.
    pub slots: usize,
    /// Slots that functions inside of this one use.
    pub shared: Vec<usize>,
    /// Where the captured variables come from in the enclosing function.
    pub captures: Vec<Capture>,
    pub caller_slot: Option<usize>,
    pub varargs_slot: Option<usize>,
    pub kwargs_slot: Option<usize>,
    /// `caller` is one of the parameters.
    pub explicit_caller: bool,
}

/// What a [`Function`] stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A whole text.
    Template,
    /// A macro, test or materialization.
    Macro,
    /// The body of a `call` block.
    Caller,
    /// A recursive loop.
    Loop,
}

/// A parameter of a [`Function`].
#[derive(Debug)]
pub(crate) struct ParameterCode {
    pub name: Arc<str>,
    pub slot: usize,
    /// Where the type annotation stands.
    pub annotation: Option<Span>,
    pub default: Option<Expr>,
}

/// Where an inner function finds an outer variable when it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Capture {
    /// A slot of the enclosing function.
    Slot(usize),
    /// A captured variable of the enclosing function.
    Captured(usize),
}
