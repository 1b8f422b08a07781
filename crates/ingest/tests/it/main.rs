//! Loads into a real Postgres, and files held against what others make of them.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on says so and fails"
)]

mod world;

mod agate;
mod beside_dbt;
mod binary;
mod correction;
mod hostile;
mod kill;
mod ledger;
mod load;
mod modes;
mod mutation;
mod packed;
mod python;
mod seeds;
mod split;
mod swap;
