//! Feeds: what a source's `drop` says about the files that fill its table.
//!
//! The mapping stands under the source's `config.meta.drop` (or `meta.drop`, or `external`, which all are
//! valid in dbt and ignored by it):
//!
//! | key | meaning | default |
//! |---|---|---|
//! | `pattern` | glob or globs below `csv_data/`, or below a folder named after a date; `.gz`, `.zst` may follow | required |
//! | `mode` | `replace`: each drop is a full dump · `append` · `upsert` | `replace` |
//! | `key` | columns that name a row; `upsert` needs them | none |
//! | `types` | column: `numeric`, `integer`, `date`, `timestamp` or `boolean`; other text is quarantined | none |
//! | `max_bad_rows` | with more quarantined rows the drop is refused | 0 |
//! | `allow_empty` | whether a file may have no rows | false |
//! | `required` | whether a drop without a file of this feed is an error | of full dumps |
//! | `delimiter` | one character, or `tab` | `,` |
//! | `encoding` | `utf-8`, `latin1`, `utf-16`, … | `utf-8` |
//! | `header` | whether the first record names the columns | true |
//! | `null` | `empty_unquoted`: `,,` is null, `,"",` is not · `empty`: both are · `never`: neither is | `empty_unquoted` |
//! | `max_field_bytes` | longer fields are quarantined | 1,048,576 |

use crate::csv::encoding;
use crate::csv::scanner::Delimiter;
use crate::kind::Kind;
use crate::stamps::STAMPS;
use encoding_rs::Encoding;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use platform_core::diagnostic::nearest;
use platform_core::node::Source;
use platform_core::{Diagnostic, Manifest, Place, Relation, UniqueId};
use serde_json::{Map, Value};

const KEYS: [&str; 12] = [
    "pattern",
    "mode",
    "key",
    "types",
    "max_bad_rows",
    "allow_empty",
    "required",
    "delimiter",
    "encoding",
    "header",
    "null",
    "max_field_bytes",
];
/// Keys that dbt documents for `external`; they are not ours.
const EXTERNAL_KEYS: [&str; 5] = ["location", "file_format", "row_format", "tbl_properties", "partitions"];
/// Longest field unless the project says otherwise, in bytes.
pub const MAX_FIELD_BYTES: usize = 1 << 20;

/// How a drop meets what the table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A drop is a full dump: it takes the old rows' place.
    Replace,
    /// Rows are added; a corrected file takes the place of its own old rows.
    Append,
    /// Rows with a known key are updated, others added.
    Upsert,
}

impl Mode {
    /// The word in properties and in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Replace => "replace",
            Self::Append => "append",
            Self::Upsert => "upsert",
        }
    }
}

/// Which empty fields are null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nulls {
    /// Those without quotes.
    EmptyUnquoted,
    /// All.
    Empty,
    /// None.
    Never,
}

/// A source's table and the files that fill it.
#[derive(Clone, Debug)]
pub struct Feed {
    /// The source.
    pub id: UniqueId,
    /// The table.
    pub relation: Relation,
    /// Columns of the table without stamps; empty where nobody documented any: the header decides.
    pub columns: Vec<String>,
    /// How a drop meets what the table holds.
    pub mode: Mode,
    /// Columns that name a row.
    pub key: Vec<String>,
    /// Columns whose text must be readable as something.
    pub types: Vec<(String, Kind)>,
    /// Quarantined rows that a drop may have.
    pub max_bad_rows: u64,
    /// Whether a file may have no rows.
    pub allow_empty: bool,
    /// Whether a drop without a file of this feed is an error.
    pub required: bool,
    /// Between fields.
    pub delimiter: Delimiter,
    /// Of the file; `None` for UTF-8.
    pub encoding: Option<&'static Encoding>,
    /// Whether the first record names the columns.
    pub header: bool,
    /// Which empty fields are null.
    pub nulls: Nulls,
    /// Longest field accepted, in bytes.
    pub max_field_bytes: usize,
    /// The globs as written.
    pub patterns: Vec<String>,
    globs: GlobSet,
}

impl Feed {
    /// A feed for a file that no source describes: the header names the columns.
    pub fn of_header(table: Relation, delimiter: Delimiter) -> Self {
        Self {
            id: UniqueId::new(""),
            relation: table,
            columns: Vec::new(),
            mode: Mode::Replace,
            key: Vec::new(),
            types: Vec::new(),
            max_bad_rows: 0,
            allow_empty: false,
            required: false,
            delimiter,
            encoding: None,
            header: true,
            nulls: Nulls::EmptyUnquoted,
            max_field_bytes: MAX_FIELD_BYTES,
            patterns: Vec::new(),
            globs: GlobSet::empty(),
        }
    }

    /// `schema.table`, for messages and the ledger.
    pub fn table(&self) -> String {
        format!("{}.{}", self.relation.schema_name(), self.relation.identifier_name())
    }

    /// Whether a file belongs to the feed: its path below `csv_data/`, with `/`.
    pub fn takes(&self, path: &str) -> bool {
        let packed = [".gz", ".zst", ".zstd"].into_iter().find_map(|end| path.strip_suffix(end));
        let dateless =
            path.split_once('/').filter(|(folder, _)| crate::date::is_date(folder)).map(|(_, rest)| rest);
        let dateless_packed =
            dateless.and_then(|rest| packed.map(|packed| &packed[path.len() - rest.len()..]));
        [Some(path), packed, dateless, dateless_packed]
            .into_iter()
            .flatten()
            .any(|path| self.globs.is_match(path))
    }
}

/// The feeds of a project, in the manifest's order, and what is wrong with their configuration.
///
/// A feed with an error is left out.
pub fn feeds(manifest: &Manifest) -> (Vec<Feed>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let sources = manifest.sources.values().filter(|source| source.config.enabled());
    let feeds = sources.filter_map(|source| feed(source, &mut diagnostics)).collect();
    (feeds, diagnostics)
}

/// The feed of one source; `None` where it has none, or one that cannot be used.
pub fn feed(source: &Source, diagnostics: &mut Vec<Diagnostic>) -> Option<Feed> {
    let (settings, external) = settings(source)?;
    let mut reader = Reader { source, settings, problems: Vec::new() };
    reader.unknown_keys(external);
    let feed = reader.feed();
    diagnostics.append(&mut reader.problems);
    feed
}

/// The mapping, and whether it stands under `external`.
fn settings(source: &Source) -> Option<(&Map<String, Value>, bool)> {
    let of_config = source.config.meta().and_then(|meta| meta.get("drop"));
    let drop = of_config.or_else(|| source.meta.get("drop")).and_then(Value::as_object);
    let external = || source.external.as_ref()?.as_object().filter(|keys| keys.contains_key("pattern"));
    drop.map(|drop| (drop, false)).or_else(|| external().map(|keys| (keys, true)))
}

/// Reads one mapping, noting what is wrong with it.
struct Reader<'a> {
    source: &'a Source,
    settings: &'a Map<String, Value>,
    problems: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn problem(&mut self, message: String, hint: impl Into<String>) {
        let place = Place::file(self.source.original_file_path.clone());
        self.problems.push(Diagnostic::error("I016", message).at(place).hint(hint));
    }

    fn named(&self) -> String {
        format!("source `{}.{}`", self.source.source_name, self.source.name)
    }

    fn unknown_keys(&mut self, external: bool) {
        for key in self.settings.keys().filter(|key| !KEYS.contains(&key.as_str())) {
            if external && EXTERNAL_KEYS.contains(&key.as_str()) {
                continue;
            }
            let hint = match nearest(key, KEYS).first() {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known keys: {}", KEYS.join(", ")),
            };
            let message = format!("unknown key `{key}` in the drop of {}", self.named());
            let place = Place::file(self.source.original_file_path.clone());
            self.problems.push(Diagnostic::warning("I015", message).at(place).hint(hint));
        }
    }

    fn feed(&mut self) -> Option<Feed> {
        let columns = self.columns();
        let (patterns, globs) = self.patterns()?;
        let mode = self.mode();
        let key = self.key(&columns, mode);
        let types = self.types(&columns);
        let header = self.flag("header", true);
        if !header && columns.is_empty() {
            let message =
                format!("{} has no columns, and `header: false` leaves none in the file", self.named());
            self.problem(message, "list the columns of the source in the order of the file");
        }
        let feed = Feed {
            id: self.source.unique_id.clone(),
            relation: self.source.relation(),
            mode,
            key,
            types,
            max_bad_rows: self.number("max_bad_rows", 0),
            allow_empty: self.flag("allow_empty", false),
            required: self.flag("required", mode == Mode::Replace),
            delimiter: self.delimiter()?,
            encoding: self.encoding(),
            header,
            nulls: self.nulls(),
            max_field_bytes: usize::try_from(self.number("max_field_bytes", MAX_FIELD_BYTES as u64))
                .unwrap_or(MAX_FIELD_BYTES)
                .clamp(1, 1 << 30),
            columns,
            patterns,
            globs,
        };
        let usable = !self.problems.iter().any(|problem| problem.severity == platform_core::Severity::Error);
        usable.then_some(feed)
    }

    /// The documented columns without stamps, as Postgres knows them: folded unless `quote: true`.
    fn columns(&mut self) -> Vec<String> {
        let documented = self.source.columns.values();
        let folded = documented.map(|column| match column.quote {
            Some(true) => column.name.clone(),
            _ => column.name.to_lowercase(),
        });
        let columns: Vec<String> =
            folded.filter(|name| !STAMPS.iter().any(|stamp| stamp.name == name.as_str())).collect();
        if let Some(name) = columns.iter().find(|name| name.is_empty() || name.len() > 63) {
            let message = format!("column `{name}` of {} is no name for Postgres", self.named());
            self.problem(message, "a name has 1 to 63 bytes");
        }
        if columns.len() + STAMPS.len() > 1600 {
            let message = format!("{} has {} columns", self.named(), columns.len());
            self.problem(message, "a table in Postgres has 1,600 at most");
        }
        columns
    }

    fn texts(&mut self, key: &str) -> Vec<String> {
        match self.settings.get(key) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::String(text)) => vec![text.clone()],
            Some(Value::Array(items)) if items.iter().all(Value::is_string) => {
                items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            Some(other) => {
                let message = format!("`{key}: {other}` in the drop of {} is no text", self.named());
                self.problem(message, "write a text or a list of texts");
                Vec::new()
            }
        }
    }

    fn patterns(&mut self) -> Option<(Vec<String>, GlobSet)> {
        let patterns = self.texts("pattern");
        if patterns.is_empty() {
            let message = format!("the drop of {} has no `pattern`", self.named());
            self.problem(message, "name the files, e.g. `pattern: \"**/invoices.csv\"`");
            return None;
        }
        let mut set = GlobSetBuilder::new();
        for pattern in &patterns {
            let below = pattern.strip_prefix("csv_data/").unwrap_or(pattern);
            match GlobBuilder::new(below).literal_separator(true).empty_alternates(true).build() {
                Ok(glob) => {
                    set.add(glob);
                }
                Err(error) => {
                    let message = format!("`pattern: {pattern}` in the drop of {} is no glob", self.named());
                    self.problem(message, error.kind().to_string());
                    return None;
                }
            }
        }
        Some((patterns, set.build().ok()?))
    }

    fn word<T: Copy>(&mut self, key: &str, known: &[(&str, T)], default: T) -> T {
        let Some(value) = self.settings.get(key).filter(|value| !value.is_null()) else { return default };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if let Some((_, value)) = known.iter().find(|(word, _)| *word == text) {
            return *value;
        }
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        let hint = match nearest(&text, words.iter().copied()).first() {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known words: {}", words.join(", ")),
        };
        let message = format!("`{key}: {text}` in the drop of {} means nothing", self.named());
        self.problem(message, hint);
        default
    }

    fn mode(&mut self) -> Mode {
        let known = [Mode::Replace, Mode::Append, Mode::Upsert].map(|mode| (mode.as_str(), mode));
        self.word("mode", &known, Mode::Replace)
    }

    fn nulls(&mut self) -> Nulls {
        let known =
            [("empty_unquoted", Nulls::EmptyUnquoted), ("empty", Nulls::Empty), ("never", Nulls::Never)];
        self.word("null", &known, Nulls::EmptyUnquoted)
    }

    fn flag(&mut self, key: &str, default: bool) -> bool {
        match self.settings.get(key) {
            Some(Value::Bool(flag)) => *flag,
            _ => self.word(key, &[("true", true), ("false", false)], default),
        }
    }

    fn number(&mut self, key: &str, default: u64) -> u64 {
        let Some(value) = self.settings.get(key).filter(|value| !value.is_null()) else { return default };
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
        if number.is_none() {
            let message = format!("`{key}: {value}` in the drop of {} is no count", self.named());
            self.problem(message, "write a whole number");
        }
        number.unwrap_or(default)
    }

    fn delimiter(&mut self) -> Option<Delimiter> {
        let text = self.texts("delimiter").pop().unwrap_or_else(|| ",".to_owned());
        let delimiter = delimiter(&text);
        if delimiter.is_none() {
            let message = format!("`delimiter: {text:?}` in the drop of {} is no delimiter", self.named());
            self.problem(message, "write one character that is no quote and no line end, or `tab`");
        }
        delimiter
    }

    fn encoding(&mut self) -> Option<&'static Encoding> {
        let label = self.texts("encoding").pop()?;
        let encoding = encoding::named(&label);
        if encoding.is_none() {
            let message = format!("`encoding: {label}` in the drop of {} is not known", self.named());
            self.problem(
                message,
                "write utf-8, utf-16, latin1, windows-1252 or another name of the WHATWG list",
            );
        }
        encoding.flatten()
    }

    fn known_column(&mut self, columns: &[String], key: &str, name: &str) -> Option<String> {
        let folded = name.to_lowercase();
        if columns.is_empty() {
            return Some(folded);
        }
        let found = columns.iter().find(|column| *column == name || column.to_lowercase() == folded);
        if found.is_none() {
            let near = nearest(name, columns.iter().map(String::as_str));
            let hint = near
                .first()
                .map_or("document the column first".to_owned(), |near| format!("did you mean `{near}`?"));
            let message =
                format!("`{name}` under `{key}` in the drop of {} is none of its columns", self.named());
            self.problem(message, hint);
        }
        found.cloned()
    }

    fn key(&mut self, columns: &[String], mode: Mode) -> Vec<String> {
        let key = self.texts("key");
        if mode == Mode::Upsert && key.is_empty() {
            let message = format!("`mode: upsert` in the drop of {} needs a `key`", self.named());
            self.problem(message, "name the columns that name a row: `key: [invoice_id]`");
        }
        key.iter().filter_map(|name| self.known_column(columns, "key", name)).collect()
    }

    fn types(&mut self, columns: &[String]) -> Vec<(String, Kind)> {
        let entries = match self.settings.get("types") {
            None | Some(Value::Null) => return Vec::new(),
            Some(Value::Object(entries)) => entries,
            Some(other) => {
                let message = format!("`types: {other}` in the drop of {} is no mapping", self.named());
                self.problem(message, "write `types: {amount: numeric}`");
                return Vec::new();
            }
        };
        let mut types = Vec::new();
        for (name, value) in entries {
            let Some(column) = self.known_column(columns, "types", name) else { continue };
            let text = value.as_str().unwrap_or_default();
            match Kind::named(text) {
                Some(Some(kind)) => types.push((column, kind)),
                Some(None) => {}
                None => {
                    let hint = match nearest(text, Kind::WORDS).first() {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("known types: {}", Kind::WORDS.join(", ")),
                    };
                    let message =
                        format!("`types: {name}: {value}` in the drop of {} is not known", self.named());
                    self.problem(message, hint);
                }
            }
        }
        types
    }
}

/// A delimiter as people write it: the character, `tab`, or `\t`.
pub fn delimiter(text: &str) -> Option<Delimiter> {
    let mut characters = text.chars();
    match (text, characters.next(), characters.next()) {
        ("tab" | "\\t", ..) => Delimiter::new('\t'),
        (_, Some(character), None) => Delimiter::new(character),
        _ => None,
    }
}
