//! Node selection: dbt's `--select`, `--exclude`, `--selector` and indirect selection of tests
//! (<https://docs.getdbt.com/reference/node-selection/syntax>).
//!
//! Arguments or YAML become one [`Expression`]; [`select`] evaluates it over the graph in time linear in
//! nodes and edges for each criterion, and says which criteria matched nothing.

mod contract;
mod evaluate;
mod expression;
mod method;
mod pattern;
mod set;
mod state;
mod suggestion;
mod token;
mod yaml;

pub use evaluate::{Context, Selection, select};
pub use expression::{Criterion, Expression, IndirectSelection, Reach};
pub use state::PreviousState;
pub use token::from_arguments;
pub use yaml::{YamlSelectors, selectors};

/// Why a selection cannot be read or evaluated; dbt's words where it has some.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// `nonsense:x`
    #[error("'{name}' is not a valid method name{hint}")]
    Method {
        /// The name.
        name: String,
        /// What was likely meant, on a line of its own; empty where nothing is near.
        hint: String,
    },
    /// `@a+`
    #[error("Invalid node spec {0} - \"@\" prefix and \"+\" suffix are incompatible")]
    AtAndPlus(String),
    /// A value that the method does not know.
    #[error("{0}")]
    Value(String),
    /// `state:`, `result:` or `source_status:` without what they compare with.
    #[error("{0}")]
    MissingState(String),
    /// `--selector` with a name that selectors.yml does not define.
    #[error("Could not find selector named {name}, expected one of {known}")]
    Selector {
        /// What was asked for.
        name: String,
        /// What there is, as a Python list, as dbt prints it.
        known: String,
    },
    /// What a comparison with an earlier manifest must not go on from: a broken contract, a test that is gone.
    #[error("{}", .0.message)]
    Breaking(Box<crate::diagnostic::Diagnostic>),
    /// A definition in selectors.yml that makes no sense.
    #[error("{0}")]
    Definition(String),
}
