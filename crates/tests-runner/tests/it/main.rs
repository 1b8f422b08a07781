//! Data tests and freshness over a real database.

#![expect(clippy::expect_used, reason = "a test stops where its fixture is broken")]

mod command;
mod freshness;
mod fused;
mod report;
mod shop;
