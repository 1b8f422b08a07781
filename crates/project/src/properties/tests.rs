//! Data tests of a resource, in every form that dbt reads
//! (<https://docs.getdbt.com/reference/resource-properties/data-tests>).

use super::block::{Block, Properties};
use crate::code;
use crate::python;
use crate::yaml::{Content, Entry, Node};
use platform_core::Diagnostic;
use serde_json::{Map, Value};
use std::ops::Range;
use std::sync::Arc;

/// A generic test as written.
#[derive(Clone, Debug)]
pub struct TestSpec {
    /// `dbt_utils` in `dbt_utils.expression_is_true`.
    pub namespace: Option<String>,
    /// The test's name: `unique`.
    pub name: String,
    /// The name that the user gave.
    pub custom_name: Option<String>,
    /// Arguments, not rendered.
    pub arguments: Map<String, Value>,
    /// Configuration, not rendered; top-level keys of old form included.
    pub config: Map<String, Value>,
    /// Not rendered.
    pub description: Option<String>,
    /// The column it stands at: its name, and whether it is quoted.
    pub column: Option<(String, bool)>,
    /// Tags of that column.
    pub column_tags: Vec<String>,
    /// Bytes of the properties file that it stands at.
    pub span: Range<usize>,
    /// The file, where it isn't the one that describes the resource: that of a project which overrides a source.
    pub file: Option<Arc<Properties>>,
}

/// Configuration that may stand beside the arguments, in the order in which a test's text has it.
pub const CONFIG_KEYS: &[&str] = &[
    "severity",
    "tags",
    "enabled",
    "where",
    "limit",
    "warn_if",
    "error_if",
    "fail_calc",
    "store_failures",
    "store_failures_as",
    "meta",
    "database",
    "schema",
    "alias",
];

/// The tests of a resource: its columns' first, then its own.
pub fn tests(block: &Block, node: &Node, path: &str) -> Result<(Vec<TestSpec>, Vec<Diagnostic>), Diagnostic> {
    let mut reader = Reader { block, specs: Vec::new(), warnings: Vec::new() };
    let all_quoted = node
        .get("quote_columns")
        .or_else(|| node.get("quoting").and_then(|quoting| quoting.get("column")))
        .and_then(Node::boolean)
        .unwrap_or(false);
    for (index, column) in block.list(node, "columns", path)?.iter().enumerate() {
        let Some(name) = column.text_of("name") else { continue };
        let quoted = column.get("quote").and_then(Node::boolean).unwrap_or(all_quoted);
        let mut tags: Vec<String> = column
            .get("tags")
            .map(Node::items)
            .unwrap_or_default()
            .iter()
            .filter_map(Node::scalar_text)
            .collect();
        if let Some(more) = column.get("config").and_then(|config| config.get("tags")) {
            tags.extend(more.text().map(str::to_owned));
            tags.extend(more.items().iter().filter_map(Node::scalar_text));
        }
        let at = format!("{path}['columns'][{index}]");
        reader.read(column, &at, Some((name.to_owned(), quoted)), &tags)?;
    }
    reader.read(node, path, None, &[])?;
    Ok((reader.specs, reader.warnings))
}

struct Reader<'a> {
    block: &'a Block,
    specs: Vec<TestSpec>,
    warnings: Vec<Diagnostic>,
}

impl TestSpec {
    /// `column_name` of a column's test, quoted where the column is.
    pub fn column_argument(&self) -> Option<String> {
        let (name, quoted) = self.column.as_ref()?;
        Some(if *quoted { platform_core::relation::quote_identifier(name) } else { name.clone() })
    }
}

impl Reader<'_> {
    fn read(
        &mut self,
        node: &Node,
        path: &str,
        column: Option<(String, bool)>,
        tags: &[String],
    ) -> Result<(), Diagnostic> {
        let key = if node.get("data_tests").is_some() { "data_tests" } else { "tests" };
        if let (Some(_), Some(old)) =
            (node.get("data_tests").filter(|it| !it.items().is_empty()), node.get("tests"))
            && !old.items().is_empty()
        {
            return Err(self.block.invalid(
                path,
                "Invalid test config: cannot have both 'tests' and 'data_tests' defined",
                old,
            ));
        }
        for (index, item) in self.block.list(node, key, path)?.iter().enumerate() {
            let at = format!("{path}['{key}'][{index}]");
            let mut spec = self.one(item, &at, column.as_ref())?;
            spec.column_tags = tags.to_vec();
            self.specs.push(spec);
        }
        Ok(())
    }

    fn one(
        &mut self,
        item: &Node,
        path: &str,
        column: Option<&(String, bool)>,
    ) -> Result<TestSpec, Diagnostic> {
        match &item.content {
            Content::Text(name) => self.spec(name, item, column),
            Content::Map(entries) => self.mapping(item, entries, column),
            _ => {
                let shown = python::repr(&item.to_json());
                Err(self.block.invalid(
                    path,
                    &format!("{shown} is not valid under any of the given schemas"),
                    item,
                ))
            }
        }
    }

    /// A test by its name, perhaps with a package's before it; as in dbt what stands behind a name is not read.
    fn spec(&self, full: &str, node: &Node, column: Option<&(String, bool)>) -> Result<TestSpec, Diagnostic> {
        let Some((first, behind)) = leading_name(full) else {
            let message = format!(
                "Invalid generic test configuration given in {}:\nTest name string did not match expected pattern: {full}",
                self.block.properties.file.path
            );
            let hint = "a test's name has letters of ASCII, digits and `_`, and starts with no digit";
            return Err(self.block.fault(node, message).hint(hint));
        };
        let second = behind.strip_prefix('.').and_then(leading_name);
        let (namespace, name) = match second {
            Some((name, _)) => (Some(first.to_owned()), name),
            None => (None, first),
        };
        Ok(TestSpec {
            namespace,
            name: name.to_owned(),
            custom_name: None,
            arguments: Map::new(),
            config: Map::new(),
            description: None,
            column: column.cloned(),
            column_tags: Vec::new(),
            span: node.span.clone(),
            file: None,
        })
    }

    fn invalid(&self, why: &str, node: &Node) -> Diagnostic {
        self.block.fault(
            node,
            format!(
                "Invalid test config given in {}:\n\t{why}\n\t@: {}",
                self.block.properties.file.path,
                self.block.name()
            ),
        )
    }

    fn mapping(
        &mut self,
        item: &Node,
        entries: &[Entry],
        column: Option<&(String, bool)>,
    ) -> Result<TestSpec, Diagnostic> {
        // `{name: …, test_name: unique, …}`: everything at one level.
        if let Some(name) = item.text_of("test_name") {
            let mut spec = self.spec(name, item, column)?;
            return self.fill(&mut spec, entries.iter().filter(|it| it.key != "test_name")).map(|()| spec);
        }
        let (named, beside): (Vec<&Entry>, Vec<&Entry>) = entries
            .iter()
            .partition(|it| !matches!(it.key.as_str(), "name" | "description" | "config" | "arguments"));
        // `{unique: {…}}`, the common form; or with name, description and config beside the test's name.
        let test = match (named.as_slice(), beside.as_slice()) {
            ([test], _) => *test,
            ([], [only]) => *only,
            _ => {
                let pairs: Vec<String> = entries
                    .iter()
                    .map(|it| {
                        format!("({}, {})", python::repr_text(&it.key), python::repr(&it.value.to_json()))
                    })
                    .collect();
                return Err(self.invalid(
                    &format!(
                        "test definition dictionary must have exactly one key, got [{}] instead ({} keys)",
                        pairs.join(", "),
                        entries.len()
                    ),
                    item,
                )
                .hint("indent what belongs to the test below its name, under `arguments:`"));
            }
        };
        let mut spec = self.spec(&test.key, item, column)?;
        if !beside.is_empty() && !named.is_empty() {
            return Err(self.invalid(
                &format!(
                    "test definition dictionary must have exactly one key, got {} keys: indent what belongs to \
                     `{}` below it",
                    entries.len(),
                    test.key
                ),
                item,
            ));
        }
        match &test.value.content {
            Content::Map(arguments) => self.fill(&mut spec, arguments.iter())?,
            Content::Null => {
                let name = &test.key;
                let error = self.invalid("test arguments must be a dictionary, got nothing", &test.value);
                return Err(error.hint(format!("write `- {name}` without a colon")));
            }
            _ => {
                let shown = python::repr(&test.value.to_json());
                return Err(
                    self.invalid(&format!("test arguments must be a dictionary, got {shown}"), &test.value)
                );
            }
        }
        Ok(spec)
    }

    fn fill<'e>(
        &mut self,
        spec: &mut TestSpec,
        entries: impl Iterator<Item = &'e Entry>,
    ) -> Result<(), Diagnostic> {
        let mut top = Vec::new();
        let mut inner = Map::new();
        let nests = self.block.properties.nests_arguments;
        // What stands below `arguments` counts as if it stood beside them, in the place of what does. Only a mapping
        // holds any.
        let (nested, beside): (Vec<&Entry>, Vec<&Entry>) =
            entries.partition(|it| nests && it.key == "arguments");
        let nested: Vec<&Entry> = nested.into_iter().flat_map(|it| it.value.entries()).collect();
        let replaced = |key: &str| nested.iter().any(|it| it.key == key);
        let beside = beside.into_iter().filter(|it| !replaced(&it.key)).map(|it| (it, false));
        for (entry, is_nested) in beside.chain(nested.iter().map(|it| (*it, true))) {
            match entry.key.as_str() {
                "name" => spec.custom_name = Some(self.text(entry)?),
                "description" => spec.description = Some(self.text(entry)?),
                "config" => match &entry.value.content {
                    Content::Null => {}
                    Content::Map(_) => inner = entry.value.to_json_map(),
                    _ => return Err(self.invalid("config must be a dictionary", &entry.value)),
                },
                "arguments" if !nests => {
                    spec.arguments.insert(entry.key.clone(), entry.value.to_json());
                    self.warnings.push(self.unread_arguments(spec, entry));
                }
                key if CONFIG_KEYS.contains(&key) || key == "group" => {
                    spec.config.insert(key.to_owned(), entry.value.to_json());
                    if !is_nested {
                        self.warnings.push(self.moved(&spec.name, entry));
                    }
                }
                _ if is_nested => {
                    // As in dbt, they follow the name of the column.
                    if let Some(column) = spec.column_argument() {
                        spec.arguments.entry("column_name").or_insert(column.into());
                    }
                    spec.arguments.insert(entry.key.clone(), entry.value.to_json());
                }
                key => {
                    // A column's test is about that column, unless `arguments` say another.
                    let column = spec.column_argument().filter(|_| key == "column_name");
                    let value = column.map_or_else(|| entry.value.to_json(), Into::into);
                    spec.arguments.insert(entry.key.clone(), value);
                    top.push(entry);
                }
            }
        }
        if spec.config.keys().any(|key| inner.contains_key(key)) {
            return Err(Diagnostic::error(
                code::PROPERTIES,
                format!(
                    "Invalid generic test configuration given in {}: \nTest cannot have the same key at the \
                     top-level and in config\n\t@: {}",
                    self.block.properties.file.path,
                    self.block.name()
                ),
            )
            .event("CompilationError")
            .at(self.block.properties.document.place(&spec.span)));
        }
        spec.config.extend(inner);
        // As in dbt, a column alone is no argument.
        let first = top.iter().find(|entry| entry.key != "column_name");
        if let Some(first) = first.filter(|_| self.block.properties.nests_arguments) {
            self.warnings.push(self.unnested(spec, first));
        }
        Ok(())
    }

    fn text(&self, entry: &Entry) -> Result<String, Diagnostic> {
        entry.value.text().map(str::to_owned).ok_or_else(|| {
            let shown = python::repr(&entry.value.to_json());
            self.invalid(&format!("at path ['{}']: {shown} is not of type 'string'", entry.key), &entry.value)
        })
    }

    fn moved(&self, test: &str, entry: &Entry) -> Diagnostic {
        let key = &entry.key;
        Diagnostic::warning(
            code::DEPRECATED,
            format!(
                "Found `{key}` as a top-level property of `data_tests.{test}.{key}` in file `{}`. The `{key}` \
                 top-level property should be moved into the `config` of `data_tests.{test}.{key}`.",
                self.block.properties.file.path
            ),
        )
        .event("PropertyMovedToConfigDeprecation")
        .at(self.block.properties.document.place(&entry.span))
    }

    fn unread_arguments(&self, spec: &TestSpec, entry: &Entry) -> Diagnostic {
        let test = format!("`{}` ({})", spec.name, python::repr(&entry.value.to_json()));
        let message = format!(
            "Found `arguments` property in test definition of {test} without usage of \
             `require_generic_test_arguments_property` behavior change flag. The `arguments` property is deprecated for \
             custom usage and will be used to nest keyword arguments in future versions of dbt."
        );
        Diagnostic::warning(code::DEPRECATED, message)
            .event("ArgumentsPropertyInGenericTestDeprecation")
            .at(self.block.properties.document.place(&entry.span))
            .with("test_name", test)
    }

    fn unnested(&self, spec: &TestSpec, first: &Entry) -> Diagnostic {
        let full = match &spec.namespace {
            Some(namespace) => format!("{namespace}.{}", spec.name),
            None => spec.name.clone(),
        };
        Diagnostic::warning(
            code::DEPRECATED,
            format!(
                "Found top-level arguments to test `{full}` defined on '{}' in package '{}' ({}). Arguments to \
                 generic tests should be nested under the `arguments` property.",
                self.block.name(),
                self.block.package(),
                self.block.properties.file.path
            ),
        )
        .event("MissingArgumentsPropertyInGenericTestDeprecation")
        .at(self.block.properties.document.place(&first.span))
    }
}

/// The name that a text starts with, and what stands behind it.
fn leading_name(text: &str) -> Option<(&str, &str)> {
    let is_part = |letter: char| letter == '_' || letter.is_ascii_alphanumeric();
    let end = text.find(|letter| !is_part(letter)).unwrap_or(text.len());
    let is_name = end > 0 && !text.starts_with(|letter: char| letter.is_ascii_digit());
    is_name.then(|| text.split_at(end))
}
