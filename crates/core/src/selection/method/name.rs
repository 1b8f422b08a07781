//! `fqn:`, `source:` and the methods of one resource type: names with dots and wildcards.

use crate::resource::Resource;
use crate::selection::SelectionError;
use crate::selection::pattern::Pattern;
use crate::unique_id::ResourceType;

/// `fqn:`: a name, a folder with or without its package, a dotted name with wildcards.
pub(in crate::selection) struct FqnQuery {
    text: String,
    pattern: Pattern,
    is_wild: bool,
}

impl FqnQuery {
    pub fn new(value: &str) -> Self {
        Self { text: value.to_owned(), pattern: Pattern::new(value), is_wild: Pattern::is_wild(value) }
    }

    pub fn matches(&self, resource: Resource<'_>) -> bool {
        if matches!(resource, Resource::Source(_)) {
            return false;
        }
        let fqn = resource.fqn();
        self.names(fqn, is_versioned(resource)) || self.holds(fqn) || self.holds(fqn.get(1..).unwrap_or(&[]))
    }

    /// The last part; for a version the name before it, `name.v1` with anything in front, or `name_v1`.
    fn names(&self, fqn: &[String], versioned: bool) -> bool {
        match fqn {
            [.., name, version] if versioned => {
                self.pattern.matches(name)
                    || self
                        .text
                        .strip_suffix(&format!("{name}.{version}"))
                        .is_some_and(|before| before.is_empty() || before.ends_with('.'))
                    || self.text == format!("{name}_{version}")
            }
            [.., name] => self.pattern.matches(name),
            [] => false,
        }
    }

    /// Whether the dotted name begins with the text, part by part, or fits the pattern as a whole.
    fn holds(&self, fqn: &[String]) -> bool {
        if fqn.is_empty() {
            return false;
        }
        let dotted = fqn.join(".");
        if self.is_wild {
            return self.pattern.matches(&dotted);
        }
        !self.text.is_empty()
            && dotted
                .strip_prefix(self.text.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

fn is_versioned(resource: Resource<'_>) -> bool {
    resource.resource_type() == ResourceType::Model
        && resource.node().is_some_and(|node| node.only.version.as_ref().is_some_and(|it| !it.is_null()))
}

/// `source:`: source, source.table, package.source.table.
pub(in crate::selection) struct SourceQuery {
    package: Option<Pattern>,
    source: Pattern,
    table: Option<Pattern>,
}

impl SourceQuery {
    pub fn new(value: &str) -> Result<Self, SelectionError> {
        let parts: Vec<Pattern> = value.split('.').map(Pattern::new).collect();
        let count = parts.len();
        let mut parts = parts.into_iter();
        let (package, source, table) = match count {
            1 => (None, parts.next(), None),
            2 => (None, parts.next(), parts.next()),
            3 => (parts.next(), parts.next(), parts.next()),
            _ => (None, None, None),
        };
        let source = source.ok_or_else(|| {
            SelectionError::Value(format!(
                "Invalid source selector value \"{value}\". Sources must be of the form \
                 `${{source_name}}`, `${{source_name}}.${{target_name}}`, or \
                 `${{package_name}}.${{source_name}}.${{target_name}}"
            ))
        })?;
        Ok(Self { package, source, table })
    }

    pub fn matches(&self, resource: Resource<'_>) -> bool {
        let Resource::Source(source) = resource else { return false };
        let fits = |pattern: &Option<Pattern>, text: &str| {
            pattern.as_ref().is_none_or(|pattern| pattern.matches(text))
        };
        self.source.matches(&source.source_name)
            && fits(&self.table, &source.name)
            && fits(&self.package, &source.package_name)
    }
}

/// `exposure:` and the like: name, package.name.
pub(in crate::selection) struct PackagedName {
    package: Option<Pattern>,
    name: Pattern,
}

impl PackagedName {
    /// `None` with more than two parts.
    pub fn new(value: &str) -> Option<Self> {
        match value.split('.').collect::<Vec<_>>().as_slice() {
            [name] => Some(Self { package: None, name: Pattern::new(name) }),
            [package, name] => Some(Self { package: Some(Pattern::new(package)), name: Pattern::new(name) }),
            _ => None,
        }
    }

    pub fn matches(&self, resource: Resource<'_>) -> bool {
        self.name.matches(resource.name())
            && self.package.as_ref().is_none_or(|package| package.matches(resource.package_name()))
    }
}
