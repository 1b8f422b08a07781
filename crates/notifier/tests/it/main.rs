//! The notifier on a real Postgres.

mod scenarios;
mod story;
mod truth_table;
