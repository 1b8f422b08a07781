//! Packages: what a project asks for, what is installed, and how it gets there.

pub mod load;
pub mod spec;
pub mod version;
