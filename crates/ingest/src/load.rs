//! Loading.
pub mod rows;
