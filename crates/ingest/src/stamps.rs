//! Stamps: the columns a load adds to every row.

/// One stamp.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    /// Name of the column.
    pub name: &'static str,
    /// Its type.
    pub kind: &'static str,
}

/// The stamps in the order of the table, after the file's columns: first the one that each row has its own of, then
/// those that all rows of a file share.
pub const STAMPS: [Stamp; 4] = [
    Stamp { name: "_line", kind: "bigint" },
    Stamp { name: "_loaded_at", kind: "timestamptz" },
    Stamp { name: "_business_date", kind: "date" },
    Stamp { name: "_file", kind: "text" },
];

/// How many of the first stamps a row has of its own.
pub const OWN: usize = 1;
