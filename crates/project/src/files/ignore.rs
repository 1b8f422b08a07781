//! `.dbtignore`: gitignore's patterns (<https://docs.getdbt.com/reference/global-configs/parsing> and
//! <https://git-scm.com/docs/gitignore>).

use crate::error::Error;
use globset::{GlobBuilder, GlobMatcher};
use std::path::Path;

/// The patterns of a project; the last one that matches decides.
#[derive(Debug, Default)]
pub struct Ignore {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    matcher: GlobMatcher,
    negated: bool,
    /// Only folders, and so what is below them.
    folders: bool,
}

impl Ignore {
    /// The patterns in the root's `.dbtignore`; none where it has none.
    pub fn read(root: &Path) -> Result<Self, Error> {
        let path = root.join(".dbtignore");
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Self::parse(&text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(Error::File { action: "read", path, source }),
        }
    }

    /// The patterns of a text; what is no pattern is left out.
    pub fn parse(text: &str) -> Self {
        Self { rules: text.lines().filter_map(rule).collect() }
    }

    /// Whether a file (path below the root, with `/`) is to be left out.
    pub fn matches(&self, path: &str) -> bool {
        if self.rules.is_empty() {
            return false;
        }
        let ends: Vec<usize> = path.match_indices('/').map(|(at, _)| at).chain([path.len()]).collect();
        let mut ignored = false;
        for rule in &self.rules {
            let hit = ends.iter().any(|end| {
                let is_folder = *end < path.len();
                (is_folder || !rule.folders) && rule.matcher.is_match(&path[..*end])
            });
            if hit {
                ignored = !rule.negated;
            }
        }
        ignored
    }
}

fn rule(line: &str) -> Option<Rule> {
    let line = line.trim_end_matches(['\r', ' ']);
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let (negated, line) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest));
    let line = line.strip_prefix('\\').filter(|rest| rest.starts_with(['#', '!'])).unwrap_or(line);
    let (folders, line) = line.strip_suffix('/').map_or((false, line), |rest| (true, rest));
    let pattern = match line.strip_prefix('/') {
        Some(rest) => rest.to_owned(),
        None if line.contains('/') => line.to_owned(),
        None => format!("**/{line}"),
    };
    let glob = GlobBuilder::new(&pattern).literal_separator(true).backslash_escape(true).build().ok()?;
    Some(Rule { matcher: glob.compile_matcher(), negated, folders })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_git() {
        let ignore = Ignore::parse(
            "# comment\n*.bak.sql\n/models/drafts/\nsecret\n!models/drafts/keep/**\nmodels/*/x.sql\n",
        );
        for (path, want) in [
            ("models/a.bak.sql", true),
            ("models/drafts/a.sql", true),
            ("other/models/drafts/a.sql", false),
            ("models/secret/a.sql", true),
            ("models/secret", true),
            ("models/secrets.sql", false),
            ("models/drafts/keep/a.sql", false),
            ("models/y/x.sql", true),
            ("models/y/z/x.sql", false),
        ] {
            assert_eq!(ignore.matches(path), want, "{path}");
        }
    }
}
