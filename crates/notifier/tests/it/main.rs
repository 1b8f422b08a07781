//! The notifier on a real Postgres.

mod story;
mod truth_table;
