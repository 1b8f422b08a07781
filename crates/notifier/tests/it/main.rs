//! The notifier on a real Postgres.

mod commands;
mod delivery;
mod pictures;
mod scenarios;
mod story;
mod truth_table;
