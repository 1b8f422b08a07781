//! Stamps: the columns a load adds to every row.

/// One stamp.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    /// Name of the column.
    pub name: &'static str,
    /// Its type.
    pub kind: &'static str,
}

/// The stamps in the order of the table, after the file's columns.
pub const STAMPS: [Stamp; 4] = [
    Stamp { name: "_loaded_at", kind: "timestamptz" },
    Stamp { name: "_business_date", kind: "date" },
    Stamp { name: "_file", kind: "text" },
    Stamp { name: "_line", kind: "bigint" },
];
