//! Shell patterns as in Python's `fnmatch` and `pathlib`: `*`, `?`, `[…]`, `[!…]`; no escapes.

/// A pattern that crosses dots and slashes, case-sensitive (`fnmatch.fnmatchcase`).
pub(crate) struct Pattern {
    steps: Vec<Step>,
}

enum Step {
    Any,
    One,
    Literal(char),
    Class { negated: bool, ranges: Vec<(char, char)> },
}

impl Pattern {
    /// Reads a pattern; an unclosed bracket stands for itself.
    pub fn new(text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let mut steps = Vec::with_capacity(chars.len());
        let mut at = 0;
        while at < chars.len() {
            let (step, next) = match chars[at] {
                '*' => (Step::Any, at + 1),
                '?' => (Step::One, at + 1),
                '[' => class(&chars, at).unwrap_or((Step::Literal('['), at + 1)),
                literal => (Step::Literal(literal), at + 1),
            };
            if !(matches!(step, Step::Any) && matches!(steps.last(), Some(Step::Any))) {
                steps.push(step);
            }
            at = next;
        }
        Self { steps }
    }

    /// Whether the text has any of the characters that make a pattern.
    pub fn is_wild(text: &str) -> bool {
        text.contains(['*', '?', '[', ']'])
    }

    /// Whether the whole text fits; linear but for stars, at worst pattern times text.
    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut step, mut at) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        while at < text.len() {
            match self.steps.get(step) {
                Some(Step::Any) => {
                    star = Some((step + 1, at));
                    step += 1;
                }
                Some(one) if one.takes(text[at]) => {
                    step += 1;
                    at += 1;
                }
                _ => {
                    let Some((after, from)) = star else { return false };
                    star = Some((after, from + 1));
                    step = after;
                    at = from + 1;
                }
            }
        }
        self.steps[step..].iter().all(|step| matches!(step, Step::Any))
    }
}

impl Step {
    fn takes(&self, found: char) -> bool {
        match self {
            Self::Any => false,
            Self::One => true,
            Self::Literal(wanted) => *wanted == found,
            Self::Class { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&found)) != *negated
            }
        }
    }
}

/// The class that opens at `open`, and where it ends; `None` if it never closes.
fn class(chars: &[char], open: usize) -> Option<(Step, usize)> {
    let negated = chars.get(open + 1) == Some(&'!');
    let first = open + 1 + usize::from(negated);
    // A bracket right after the opening stands for itself.
    let close = (first + 1..chars.len()).find(|at| chars[*at] == ']')?;
    let body = &chars[first..close];
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < body.len() {
        if at + 2 < body.len() && body[at + 1] == '-' {
            ranges.push((body[at], body[at + 2]));
            at += 3;
        } else {
            ranges.push((body[at], body[at]));
            at += 1;
        }
    }
    Some((Step::Class { negated, ranges }, close + 1))
}

/// A pattern of paths as in `pathlib`: stars stay within one folder, `**` is any number of folders.
pub(crate) struct PathPattern {
    parts: Vec<PathPart>,
}

enum PathPart {
    Folders,
    Part(Pattern),
}

impl PathPattern {
    /// Reads a pattern; `./` and doubled or trailing slashes mean nothing.
    pub fn new(text: &str) -> Self {
        let parts = text
            .split(['/', std::path::MAIN_SEPARATOR])
            .filter(|part| !part.is_empty() && *part != ".")
            .map(|part| if part == "**" { PathPart::Folders } else { PathPart::Part(Pattern::new(part)) })
            .collect();
        Self { parts }
    }

    /// Whether the whole path fits.
    pub fn matches(&self, path: &str) -> bool {
        let path: Vec<&str> = path.split('/').collect();
        Self::fits(&self.parts, &path)
    }

    fn fits(parts: &[PathPart], path: &[&str]) -> bool {
        match parts.split_first() {
            None => path.is_empty(),
            Some((PathPart::Folders, rest)) => {
                (0..=path.len()).any(|skipped| Self::fits(rest, &path[skipped..]))
            }
            Some((PathPart::Part(part), rest)) => path
                .split_first()
                .is_some_and(|(first, below)| part.matches(first) && Self::fits(rest, below)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, fits: &[&str], misses: &[&str]) {
        let pattern = Pattern::new(pattern);
        for text in fits {
            assert!(pattern.matches(text), "{text} should fit");
        }
        for text in misses {
            assert!(!pattern.matches(text), "{text} should not fit");
        }
    }

    #[test]
    fn follows_fnmatch() {
        check("stg_*", &["stg_", "stg_orders"], &["xstg_", "STG_x"]);
        check("*.*.x", &["a.b.x", "a..x", "a.b.c.x"], &["a.x", "a.b.x.y"]);
        check("[a-c]?", &["ab", "cz"], &["d1", "a"]);
        check("[!a-c]", &["d"], &["a", ""]);
        check("[]]", &["]"], &["["]);
        check("a[b", &["a[b"], &["ab"]);
        check("", &[""], &["a"]);
        check("**a**", &["a", "bab"], &["b"]);
        check("é?", &["éé"], &["é"]);
    }

    #[test]
    fn keeps_path_stars_in_their_folder() {
        let fits = |pattern: &str, path: &str| PathPattern::new(pattern).matches(path);
        assert!(fits("models/*/x.sql", "models/a/x.sql"));
        assert!(!fits("models/*", "models/a/x.sql"));
        assert!(fits("models/**/x.sql", "models/x.sql"));
        assert!(fits("models/**/x.sql", "models/a/b/x.sql"));
        assert!(fits("./models//a/", "models/a"));
    }
}
