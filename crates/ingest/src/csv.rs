//! Reading CSV: from bytes to records, with every liberty of a file named and placed.

pub mod encoding;
pub mod input;
pub mod scanner;

pub mod records;

pub mod field;
pub mod flaw;

pub mod header;
