//! Postgres, and nothing else: the only crate that knows the driver.
//!
//! A [`Warehouse`] is made from [`Settings`] (or from the embedded server, [`embedded`]) and gives
//! [`Session`]s. A session runs the user's SQL ([`Session::run`], values as text with their types),
//! our own SQL (bound parameters) and COPY. Beside it: the [`catalog`] and its [`RelationCache`], the
//! run lock, migrations. What does not live here: dbt's semantics, CSV, Jinja.

pub mod settings;

pub mod catalog;
pub mod migrate;

mod cache;
mod connect;
mod copy;
mod error;
mod outcome;
mod run_lock;
mod secret;
mod session;
mod tls;
mod type_names;
mod warehouse;
mod wire;

pub mod embedded;
pub mod testing;

pub use cache::RelationCache;
pub use copy::{CopySink, CopyStream};
pub use error::{DbError, Error, Result};
pub use migrate::{Migrations, migrate};
pub use outcome::{Outcome, ResultColumn, ResultSet, Types};
pub use run_lock::{RunLock, Sharing, schema_lock};
pub use secret::Secret;
pub use session::{CancelToken, Session, get};
pub use settings::{Environment, Settings};
pub use tokio_postgres::Row;
pub use tokio_postgres::types;
pub use warehouse::{PooledSession, Warehouse};
