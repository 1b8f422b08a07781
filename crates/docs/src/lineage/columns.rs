//! Columns of a thing that a query reads, and where they come from.

use super::ColumnLineage;
use platform_core::UniqueId;
use std::collections::BTreeSet;

/// A column of a resource of the project.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ColumnRef {
    /// The resource.
    pub resource: UniqueId,
    /// The column.
    pub column: String,
}

/// Where a value comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// Columns it is computed from; empty for constants.
    pub columns: BTreeSet<ColumnRef>,
    /// Whether it may come from elsewhere too.
    pub unknown: bool,
}

impl Sources {
    /// Something that can't be told.
    pub fn unknown() -> Self {
        Self { unknown: true, ..Self::default() }
    }

    /// Takes in what another value comes from.
    pub fn add(&mut self, other: &Self) {
        self.columns.extend(other.columns.iter().cloned());
        self.unknown |= other.unknown;
    }
}

/// The columns of something in `from`.
#[derive(Clone, Debug)]
pub(super) enum Columns {
    /// All known, in order.
    Known(Vec<ColumnLineage>),
    /// A resource whose columns are not known: any name may be one of them.
    Whole(UniqueId),
    /// Nothing known.
    Unknown,
}

impl Columns {
    /// What a name stands for; `None` if it is none of the columns.
    pub fn get(&self, name: &str) -> Option<Sources> {
        match self {
            Self::Known(columns) => {
                columns.iter().find(|column| column.name == name).map(|column| column.sources.clone())
            }
            Self::Whole(id) => Some(one(id, name)),
            Self::Unknown => Some(Sources::unknown()),
        }
    }

    /// Whether the list of names is complete.
    pub fn is_known(&self) -> bool {
        matches!(self, Self::Known(_))
    }

    /// Everything in it, as one value: `select t from t`, `count(t)`, `to_jsonb(t)`.
    pub fn all(&self) -> Sources {
        let mut all = Sources { unknown: !self.is_known(), ..Sources::default() };
        if let Self::Known(columns) = self {
            columns.iter().for_each(|column| all.add(&column.sources));
        }
        all
    }

    /// The same under other names, as far as there are new ones: `as t (a, b)`.
    pub fn renamed(self, names: &[String]) -> Self {
        match self {
            Self::Known(mut columns) => {
                for (column, name) in columns.iter_mut().zip(names) {
                    column.name.clone_from(name);
                }
                Self::Known(columns)
            }
            other if names.is_empty() => other,
            Self::Whole(_) | Self::Unknown => Self::Unknown,
        }
    }

    /// Two queries set one under the other: by position, names of the first.
    pub fn united(self, other: Self) -> Self {
        match (self, other) {
            (Self::Known(mut upper), Self::Known(lower)) if upper.len() == lower.len() => {
                for (above, below) in upper.iter_mut().zip(lower) {
                    above.sources.add(&below.sources);
                }
                Self::Known(upper)
            }
            (Self::Known(mut known), _) => {
                known.iter_mut().for_each(|column| column.sources.unknown = true);
                Self::Known(known)
            }
            _ => Self::Unknown,
        }
    }
}

fn one(id: &UniqueId, name: &str) -> Sources {
    let column = ColumnRef { resource: id.clone(), column: name.to_owned() };
    Sources { columns: BTreeSet::from([column]), unknown: false }
}

/// The columns of a resource, each its own source.
pub(super) fn of_relation(id: &UniqueId, names: Vec<String>) -> Vec<ColumnLineage> {
    names.into_iter().map(|name| ColumnLineage { sources: one(id, &name), name }).collect()
}
