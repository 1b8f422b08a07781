//! The codes of this crate's diagnostics: `D` stops the command (exit code 2), `W` doesn't unless
//! `--warn-error` says so.

/// A file is no YAML.
pub const YAML: &str = "D001";
/// A template can't be parsed or rendered.
pub const JINJA: &str = "D002";
/// `dbt_project.yml` is missing or says what it can't.
pub const PROJECT_FILE: &str = "D003";
/// `profiles.yml` is missing or says what it can't.
pub const PROFILE: &str = "D004";
/// A package is not installed or can't be had.
pub const PACKAGE: &str = "D005";
/// A properties file says what it can't.
pub const PROPERTIES: &str = "D006";
/// Two resources have one name.
pub const DUPLICATE: &str = "D007";
/// Something is referred to that isn't there.
pub const MISSING: &str = "D008";
/// Nodes read each other in a circle.
pub const CYCLE: &str = "D009";
/// A node may not read another.
pub const ACCESS: &str = "D010";
/// A configuration has a value it can't have.
pub const CONFIG: &str = "D011";
/// A macro, test or materialization doesn't exist.
pub const MACRO: &str = "D012";
/// `selectors.yml` says what it can't.
pub const SELECTOR: &str = "D013";
/// A metric, semantic model or saved query says what it can't.
pub const SEMANTIC: &str = "D014";
/// This kind of file is not run here.
pub const UNSUPPORTED: &str = "D015";

/// A key that nothing reads.
pub const UNKNOWN_KEY: &str = "W001";
/// A form that dbt deprecates.
pub const DEPRECATED: &str = "W002";
/// A configuration path that no resource has.
pub const UNUSED_CONFIG: &str = "W003";
/// Properties of something that isn't there.
pub const UNUSED_PROPERTIES: &str = "W004";
/// A test of something that isn't there.
pub const TEST_TARGET: &str = "W005";
/// A doc block that nothing shows.
pub const UNUSED_DOC: &str = "W006";
/// A macro that nothing calls.
pub const UNUSED_MACRO: &str = "W007";
/// A model that is or will be deprecated.
pub const DEPRECATED_MODEL: &str = "W008";
/// A key that stands twice in one mapping.
pub const DUPLICATE_KEY: &str = "W009";
/// A file that nothing reads.
pub const UNUSED_FILE: &str = "W010";
/// A call of a macro that doesn't exist.
pub const UNKNOWN_MACRO: &str = "W013";
/// A documented column that the relation doesn't have.
pub const ABSENT_COLUMN: &str = "W012";
/// Something a person should look at.
pub const SUSPICIOUS: &str = "W011";
