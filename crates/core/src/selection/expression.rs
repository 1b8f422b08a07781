//! What a selection says, once read: criteria and the set operations between them.

/// Which tests come along with the nodes they test
/// (<https://docs.getdbt.com/reference/node-selection/test-selection-examples>).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IndirectSelection {
    /// A test with any selected parent.
    #[default]
    Eager,
    /// A test all of whose parents are selected.
    Cautious,
    /// A test all of whose parents are selected or stand above something selected.
    Buildable,
    /// None.
    Empty,
}

impl IndirectSelection {
    /// The words of `--indirect-selection`.
    pub const WORDS: [&str; 4] = ["eager", "cautious", "buildable", "empty"];

    /// The mode of that name.
    pub fn parse(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "eager" => Some(Self::Eager),
            "cautious" => Some(Self::Cautious),
            "buildable" => Some(Self::Buildable),
            "empty" => Some(Self::Empty),
            _ => None,
        }
    }
}

/// How far a graph operator goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// `+x`: to the end.
    All,
    /// `2+x`: that many steps.
    Steps(usize),
}

impl Reach {
    /// Steps as a limit.
    pub(crate) fn limit(self) -> Option<usize> {
        match self {
            Self::All => None,
            Self::Steps(steps) => Some(steps),
        }
    }
}

/// One criterion: a method with its value, and the graph operators around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Criterion {
    /// As the user wrote it, for messages.
    pub text: String,
    /// `tag`, `config`, …
    pub method: String,
    /// `config.meta.owner` → `meta`, `owner`.
    pub arguments: Vec<String>,
    /// What the method looks for.
    pub value: String,
    /// `@x`: descendants and everything those need.
    pub childrens_parents: bool,
    /// `+x`
    pub parents: Option<Reach>,
    /// `x+`
    pub children: Option<Reach>,
    /// Which tests come along.
    pub indirect: IndirectSelection,
}

/// Criteria and the set operations between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// All that takes part in the graph.
    Everything,
    /// One criterion.
    Criterion(Criterion),
    /// In any.
    Union(Vec<Self>),
    /// In all.
    Intersection(Vec<Self>),
    /// The same, but a warning names the text if nothing is chosen.
    Expected(String, Box<Self>),
    /// In the first, not in the second.
    Difference(Box<Self>, Box<Self>),
}
