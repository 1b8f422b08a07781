//! Loads into a real Postgres, and files held against what others make of them.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on says so and fails"
)]

mod world;

mod agate;
mod correction;
mod hostile;
mod kill;
mod ledger;
mod load;
mod modes;
mod packed;
mod seeds;
mod swap;
